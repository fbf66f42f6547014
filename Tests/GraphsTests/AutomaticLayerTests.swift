import Graphs
import Tensors
import Testing

/// Toy networks of every shape of trunk: the layer that Gaze picks must be the last map that everything passes through.
@Suite struct AutomaticLayerTests {
    private struct Builder {
        var graph = Graph()

        mutating func convolution(_ value: ValueID, _ outputs: Int, _ inputs: Int, name: String, size: Int = 3)
            -> ValueID
        {
            let weight = graph.addConstant(
                AnyTensor(zeros: .float32, shape: [outputs, inputs, size, size]), name: "\(name).w")
            let pad = size / 2
            return graph.append(
                "Conv", [value, weight], attributes: ["pads": .integers([pad, pad, pad, pad])], name: name)[0]
        }

        mutating func node(
            _ operation: String, _ values: [ValueID], name: String, _ attributes: [String: Attribute] = [:]
        ) -> ValueID {
            graph.append(operation, values.map { $0 }, attributes: attributes, name: name)[0]
        }

        mutating func pool(_ operation: String, _ value: ValueID, name: String) -> ValueID {
            node(operation, [value], name: name, ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])])
        }

        mutating func linear(_ value: ValueID, _ inputs: Int) -> ValueID {
            let flat = node("Flatten", [value], name: "flat")
            let weight = graph.addConstant(AnyTensor(zeros: .float32, shape: [inputs, 5]), name: "fc.w")
            return node("Gemm", [flat, weight], name: "logits")
        }
    }

    private func chosen(_ build: (inout Builder, ValueID) -> ValueID) throws -> LayerChoice {
        var builder = Builder()
        let x = builder.graph.addInput("x", type: .float32, shape: [1, 3, 8, 8])
        let y = build(&builder, x)
        builder.graph.outputs = [Graph.Output(name: "y", value: y)]
        let graph = try builder.graph.specialised(to: [:], by: Models.evaluator())
        return try graph.automaticLayer(from: graph.inputs[0], to: graph.outputs[0].value)
    }

    @Test func residualNetworksGiveTheLastSum() throws {
        let choice = try chosen { net, x in
            let stem = net.convolution(x, 4, 3, name: "stem")
            let inner = net.node("Relu", [net.convolution(stem, 4, 4, name: "inner")], name: "inner.relu")
            let sum = net.node("Add", [net.convolution(inner, 4, 4, name: "outer"), stem], name: "sum")
            let last = net.node("Relu", [sum], name: "last")
            return net.linear(net.node("GlobalAveragePool", [last], name: "pool"), 4)
        }
        #expect(choice.layer.tensorName == "last")
        #expect(choice.reason.contains("8x8") && choice.reason.contains("GlobalAveragePool, Flatten, Gemm"))
    }

    @Test func denseNetworksGiveTheMapBehindTheLastConcatenation() throws {
        let choice = try chosen { net, x in
            let stem = net.convolution(x, 4, 3, name: "stem")
            let first = net.node(
                "Concat", [stem, net.convolution(stem, 2, 4, name: "a")], name: "ab", ["axis": .integer(1)])
            let second = net.node(
                "Concat", [first, net.convolution(first, 2, 6, name: "b")], name: "abc", ["axis": .integer(1)])
            let last = net.node("Relu", [second], name: "last")
            return net.linear(net.node("GlobalAveragePool", [last], name: "pool"), 8)
        }
        #expect(choice.layer.tensorName == "last")
    }

    @Test func poolingsBehindTheLastMapAreSkipped() throws {
        let choice = try chosen { net, x in
            let last = net.node("Relu", [net.convolution(x, 4, 3, name: "conv")], name: "last")
            let pooled = net.pool("MaxPool", last, name: "max")
            return net.linear(net.pool("AveragePool", net.node("Dropout", [pooled], name: "drop"), name: "average"), 16)
        }
        #expect(choice.layer.tensorName == "last")
    }

    @Test func gatesBesideTheTrunkAreNotTheTrunk() throws {
        // Squeeze and excitation: the gate has one position, and the product is what all goes through.
        let choice = try chosen { net, x in
            let map = net.node("Relu", [net.convolution(x, 4, 3, name: "conv")], name: "map")
            let squeezed = net.node("GlobalAveragePool", [map], name: "squeezed")
            let gate = net.node("Sigmoid", [net.convolution(squeezed, 4, 4, name: "gate", size: 1)], name: "sigmoid")
            let product = net.node("Mul", [map, gate], name: "product")
            return net.linear(net.node("GlobalAveragePool", [product], name: "pool"), 4)
        }
        #expect(choice.layer.tensorName == "product")
    }

    @Test func branchesThatNeverMeetInAMapAreSaid() throws {
        let choice = try chosen { net, x in
            let left = net.node("Relu", [net.convolution(x, 4, 3, name: "a")], name: "left")
            let right = net.node("Relu", [net.convolution(x, 4, 3, name: "b")], name: "right")
            let both = [left, right].map { net.node("GlobalAveragePool", [$0], name: "pool") }
            return net.linear(net.node("Add", both, name: "sum"), 4)
        }
        #expect(choice.layer.tensorName == "right")
        #expect(choice.reason.contains("other paths"))
    }

    @Test func aNetworkWithoutMapsIsRefusedInWords() throws {
        #expect(throws: GraphError.self) { try chosen { net, x in net.linear(x, 192) } }
    }
}
