import Graphs
import ONNXFormat
import ONNXMessages
import Tensors
import Testing

@Suite struct LayersTests {
    private func node(_ name: String, metadata: [String: String] = [:]) -> NodeProto {
        var node = NodeProto("Conv", ["x"], ["y"], name: name)
        node.metadataProps = metadata.map { StringStringEntryProto(key: $0.key, value: $0.value) }
        return node
    }

    @Test func modulePathsComeFromScopesNamespacesAndSlashes() {
        let scopes = "['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d_1']"
        let namespace = ": Net/layer1: Sequential/layer1.0: Block/layer1.0.conv1: Conv2d/conv2d_1: aten.conv2d.default"
        let path = ["layer1", "0", "conv1"]
        #expect(Origin(node("node_conv", metadata: ["pkg.torch.onnx.name_scopes": scopes])).modulePath == path)
        #expect(Origin(node("node_conv", metadata: ["namespace": namespace])).modulePath == path)
        #expect(Origin(node("/layer1/layer1.0/conv1/Conv")).modulePath == path)
        #expect(Origin(node("Conv_12")).modulePath == [])
    }

    /// Convolutions named in every way there is.
    private func namedGraph() throws -> Graph {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [1, 1, 4, 4])
        func weight(_ graph: inout Graph, _ name: String) -> ValueID {
            graph.addConstant(AnyTensor(zeros: .float32, shape: [1, 1, 1, 1]), name: name)
        }
        let first = graph.append(
            "Conv", [x, weight(&graph, "onnx::Conv_7")], name: "v1",
            origin: Origin(name: "/block/conv/Conv", modulePath: ["block", "conv"]))[0]
        let second = graph.append(
            "Relu", [first], name: "v2", origin: Origin(name: "/block/Relu", modulePath: ["block"]))[0]
        let third = graph.append(
            "Relu", [second], name: "v3", origin: Origin(name: "/block/Relu_1", modulePath: ["block"]))[0]
        let fourth = graph.append(
            "Conv", [third, weight(&graph, "head.0.weight")], name: "v4", origin: Origin(name: "Conv_12"))[0]
        let fifth = graph.append("Relu", [fourth], name: "v5", origin: Origin(name: "Relu_13"))[0]
        let sixth = graph.append("Sigmoid", [fifth], name: "v6", origin: Origin(name: "squash"))[0]
        graph.outputs = [Graph.Output(name: "y", value: sixth)]
        return try graph.specialised(to: [:], by: Models.evaluator())
    }

    @Test func layersHaveHumanNames() throws {
        let layers = try namedGraph().layers()
        #expect(
            layers.map(\.name) == ["block.conv", "block.Relu/Relu", "block.Relu", "head.0", "Relu#3 (1x4x4)", "squash"])
        #expect(layers.allSatisfy { $0.shape == [1, 1, 4, 4] && $0.isSpatial })
    }

    @Test func layersAreFoundByEveryName() throws {
        let graph = try namedGraph()
        for (name, tensor) in [
            ("v3", "v3"), ("block.Relu", "v3"), ("block.conv", "v1"), ("/block/Relu", "v2"), ("head.0", "v4"),
            ("head", "v4"),
            ("Relu#3", "v5"), ("squash", "v6"), ("block", "v3"),
        ] {
            #expect(try graph.layer(named: name).tensorName == tensor, "\(name)")
        }
        #expect(throws: GraphError.unknownLayer(name: "blok.conv", suggestions: ["block.conv"])) {
            try graph.layer(named: "blok.conv")
        }
        #expect(
            Suggestion.nearest(to: "GRADCAM", among: ["gradcam", "gradcam-weights", "lrp"]) == [
                "gradcam", "gradcam-weights",
            ])
        #expect(Suggestion.nearest(to: "zzz", among: ["gradcam", "lrp"]).isEmpty)
    }
}
