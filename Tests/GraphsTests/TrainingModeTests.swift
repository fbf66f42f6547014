import Graphs
import ONNXFormat
import ONNXMessages
import Tensors
import Testing

@Suite struct TrainingModeTests {
    private static let parameters = ["s", "b", "m", "v"]

    private func normalization(_ outputs: [String], mode: Int? = 1, opset: Int64 = 21) throws -> ModelProto {
        var node = NodeProto("BatchNormalization", ["x"] + Self.parameters, outputs, name: "bn")
        if let mode { node.attribute = [AttributeProto("training_mode", int: mode)] }
        var model = Models.model(
            [node], inputs: [Models.input("x", [2, 1, 2])],
            outputs: outputs.filter { $0 != "" && opset >= 14 || $0 == "y" },
            initializers: [
                TensorProto(try Models.floats([2]), name: "s"), TensorProto(try Models.floats([1]), name: "b"),
                TensorProto(try Models.floats([3]), name: "m"), TensorProto(try Models.floats([4]), name: "v"),
            ])
        model.opsetImport[0].version = opset
        return model
    }

    @Test func batchNormalizationUsesTheFilesStatistics() throws {
        let graph = try Graph(normalization(["y", "mean", "variance"]))
        let results = try Models.run(graph, ["x": Models.floats([1, 3, 5, 7], [2, 1, 2])])
        // (x − 3) / √(4 + 1e−5) · 2 + 1
        for (found, expected) in zip(results[0].floats, [-1, 1, 3, 5] as [Float]) {
            #expect(abs(found - expected) < 1e-5)
        }
        #expect(results[1].floats == [3])
        #expect(results[2].floats == [4])
        #expect(graph.notes.count == 1)
        #expect(graph.notes[0].hasPrefix("BatchNormalization 'bn' is in training mode"))
        #expect(graph.notes[0].contains("model.eval()"))
    }

    @Test func olderOpsetsTellTrainingByTheirOutputs() throws {
        let old = try normalization(["y", "mean", "variance", "saved_mean", "saved_variance"], mode: nil, opset: 9)
        #expect(try Graph(Upgrades.apply(to: old)).notes.count == 1)
        #expect(try Graph(Upgrades.apply(to: normalization(["y"], mode: nil, opset: 9))).notes == [])
        #expect(try Graph(normalization(["y"], mode: 0)).notes == [])
    }

    @Test func dropoutLetsEverythingPass() throws {
        let constant = NodeProto(
            "Constant", [], ["t"], attributes: [AttributeProto("value", tensor: AnyTensor(Tensor(true)))])
        let nodes = [
            constant, NodeProto("Dropout", ["x", "r", "t"], ["a"], name: "first"),
            NodeProto("Dropout", ["a", "", "train"], ["y"], name: "second"),
        ]
        let graph = try Graph(
            Models.model(
                nodes,
                initializers: [
                    TensorProto(AnyTensor(Tensor(Float(0.9))), name: "r"),
                    TensorProto(AnyTensor(Tensor(true)), name: "train"),
                ]))
        let x = try Models.floats([1, 2, 3, 4, 5, 6], [2, 3])
        #expect(try Models.run(graph, ["x": x]) == [x])
        #expect(graph.notes.count == 1)
        #expect(graph.notes[0].hasPrefix("Dropout 'first' and 1 more are in training mode, which is random"))
    }

    @Test func dropoutInInferenceIsNoNews() throws {
        let graph = try Graph(
            Models.model(
                [NodeProto("Dropout", ["x", "", "off"], ["y"])],
                initializers: [TensorProto(AnyTensor(Tensor(false)), name: "off")]))
        #expect(graph.notes == [])
        #expect(graph.nodes[0].inputs.count == 3)
    }
}
