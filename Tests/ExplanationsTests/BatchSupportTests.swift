import Explanations
import Graphs
import Runtime
import Tensors
import Testing

@Suite struct BatchSupportTests {
    /// `y = relu(x) w` through a reshape that holds the batch; `mixing` subtracts the mean of all samples.
    private func attributor(declared: Graph.Dimension, mixing: Bool = false, largestBatch: Int = 16) throws
        -> Attributor
    {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [declared, .fixed(2), .fixed(2)])
        let lengths = graph.addConstant(AnyTensor(Tensor<Int64>(vector: [1, 4])), name: "lengths")
        var value = graph.append("Reshape", [x, lengths], name: "flat")[0]
        if mixing {
            let axes = graph.addConstant(AnyTensor(Tensor<Int64>(vector: [0])), name: "axes")
            let mean = graph.append("ReduceMean", [value, axes], name: "mean")[0]
            value = graph.append("Add", [value, mean], name: "centred")[0]
        }
        let weight = graph.addConstant(try Toys.floats([1, -2, 3, 4], [4, 1]), name: "w")
        let y = graph.append("MatMul", [graph.append("Relu", [value], name: "relu")[0], weight], name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: y)]
        return Attributor(Model(graph: graph, engine: try ONNXRuntimeEngine()), largestBatch: largestBatch)
    }

    private static let pixels: [Float] = [1, 2, 3, 4, -1, 1, -1, 1, 2, 0, 1, -3, 5, 6, 7, 8, 1, -1, 2, -2]
    private static let weights: [Float] = [1, -2, 3, 4]

    private func ask(_ attributor: Attributor) throws -> [Attribution] {
        try attributor.attribute(
            inputs: ["x": Toys.floats(Self.pixels, [5, 2, 2])], target: Target(parsing: "0"),
            methods: [MethodSpecification("score"), MethodSpecification("gradient")])
    }

    /// A batch that is fixed, or free by declaration only, is rewritten whatever the size of the portions.
    @Test(arguments: [1, 2, 16], [Graph.Dimension.fixed(1), .symbolic("n")])
    func aFixedBatchIsRewritten(_ largest: Int, _ declared: Graph.Dimension) throws {
        let attributor = try attributor(declared: declared, largestBatch: largest)
        let found = try ask(attributor)
        let expected = (0..<5).map { sample in
            zip(Self.weights, Self.pixels[4 * sample..<4 * sample + 4]).reduce(0) { $0 + $1.0 * max($1.1, 0) }
        }
        #expect(found[0].values.elements == expected)
        #expect(
            found[1].values.elements
                == Self.pixels.enumerated().map { $1 > 0 ? Self.weights[$0 % 4] : 0 })
        #expect(found[0].notes.isEmpty)
        let graph = try attributor.specialisedGraph(for: ["x": [7, 2, 2]])
        #expect(graph.shape(of: graph.outputs[0].value) == [7, 1])
    }

    /// One sample at a time, as the model was exported, with the reason: its mean is the sample itself.
    @Test func aModelThatMixesSamplesRunsOneByOne() throws {
        let attributor = try attributor(declared: .fixed(1), mixing: true)
        let found = try ask(attributor)
        #expect(
            found[1].values.elements
                == Self.pixels.enumerated().map { $1 > 0 ? 2 * Self.weights[$0 % 4] : 0 })
        #expect(found[0].notes.first?.contains("mixes the samples") == true)
        #expect(throws: ExplanationError.self) { try attributor.specialisedGraph(for: ["x": [7, 2, 2]]) }
    }

    /// Bytes have no gradient; the numbers that they are converted to have.
    @Test func integersAreExplainedBehindTheirConversion() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .uint8, dimensions: [.fixed(1), .fixed(3)])
        let float = graph.append("Cast", [x], attributes: ["to": .integer(1)], name: "float")[0]
        let weight = graph.addConstant(try Toys.floats([1, -2, 3], [3, 1]), name: "w")
        let y = graph.append("MatMul", [float, weight], name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: y)]
        let bytes = AnyTensor(try Tensor<UInt8>(shape: [2, 3], elements: [1, 2, 3, 200, 100, 0]))
        let found = try Toys.attributor(graph).attribute(
            inputs: ["x": bytes], target: Target(parsing: "0"),
            methods: ["score", "gradient", "gradient-x-input"].map { MethodSpecification($0) })
        #expect(found[0].values.elements == [6, 0])
        #expect(found[1].values.elements == [1, -2, 3, 1, -2, 3])
        #expect(found[2].values.elements == [1, -4, 9, 200, -200, 0])
        #expect(found[1].notes.first?.contains("'float'") == true)
    }
}
