import Evaluation
import Explanations
import Graphs
import Runtime
import Tensors
import Testing

/// Which tensors are drawn, in which order, block by block.
@Suite struct TrainableLayerTests {
    private static func constant(_ graph: inout Graph, _ name: String, _ shape: Shape, _ value: Float = 0.5) -> ValueID
    {
        // Not all equal: what holds two values only is taken for a mask.
        var tensor = Tensor<Float>(repeating: value, shape: shape)
        tensor.mutateElements { elements in for index in elements.indices { elements[index] += Float(index) * 0.01 } }
        return graph.addConstant(AnyTensor(tensor), name: name)
    }

    /// Two branches of unequal depth that are added, listed with the shallow one last: topological order is the file's order of nodes.
    private static func branched() throws -> (graph: Graph, input: ValueID, result: ValueID) {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, 3, 8, 8].map { .fixed($0) })
        let mean = constant(&graph, "picture.mean", [1, 3, 1, 1])
        let centred = graph.append("Sub", [x, mean], name: "centred")[0]
        func conv(_ input: ValueID, _ name: String, channels: (Int, Int), side: Int) -> ValueID {
            let weight = constant(&graph, "\(name).weight", [channels.1, channels.0, side, side])
            let bias = constant(&graph, "\(name).bias", [channels.1])
            let pads = [Int64](repeating: Int64(side / 2), count: 4)
            return graph.append(
                "Conv", [input, weight, bias], attributes: ["pads": .integers(pads.map { Int($0) })], name: name)[0]
        }
        let stem = conv(centred, "stem", channels: (3, 4), side: 3)
        let parts = ["scale", "shift", "mean", "variance"].map { constant(&graph, "norm.\($0)", [4]) }
        let normalised = graph.append("BatchNormalization", [stem] + parts, name: "norm")[0]
        let rectified = graph.append("Relu", [normalised], name: "relu")[0]
        let deep = conv(conv(rectified, "deep1", channels: (4, 6), side: 3), "deep2", channels: (6, 4), side: 1)
        let shallow = conv(rectified, "shallow", channels: (4, 4), side: 1)
        let sum = graph.append("Add", [deep, shallow], name: "sum")[0]
        let pooled = graph.append("GlobalAveragePool", [sum], name: "pooled")[0]
        let flat = graph.append("Flatten", [pooled], name: "flat")[0]
        let matrix = constant(&graph, "head.weight", [4, 5])
        let product = graph.append("MatMul", [flat, matrix], name: "head")[0]
        let bias = constant(&graph, "head.bias", [5])
        let logits = graph.append("Add", [product, bias], name: "logits")[0]
        // What no score needs is never drawn.
        _ = conv(rectified, "unused", channels: (4, 2), side: 1)
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        return (graph, x, logits)
    }

    @Test func layersStandInTopologicalOrderWithAllTheirTensors() throws {
        let (graph, input, result) = try Self.branched()
        let layers = graph.trainableLayers(from: input, to: [result])
        #expect(
            layers.map { $0.tensors.map(\.name) } == [
                ["stem.weight", "stem.bias", "norm.scale", "norm.shift", "norm.mean", "norm.variance"],
                ["deep1.weight", "deep1.bias"], ["deep2.weight", "deep2.bias"], ["shallow.weight", "shallow.bias"],
                ["head.weight", "head.bias"],
            ])
        #expect(layers[0].tensors.map(\.role) == [.kernel, .bias, .scale, .bias, .mean, .variance])
        #expect(layers.map { $0.tensors[0].fanIn } == [27, 36, 6, 4, 4])
    }

    /// Between the first convolution and an inner value nothing above counts.
    @Test func onlyWhatTheScoreNeedsIsTrained() throws {
        let (graph, input, _) = try Self.branched()
        let inner = try #require(graph.value(named: "deep1"))
        #expect(
            graph.trainableLayers(from: input, to: [inner]).map { $0.tensors[0].name } == [
                "stem.weight", "deep1.weight",
            ])
    }

    /// A tensor that two layers share is drawn once, with the upper one.
    @Test func sharedTensorsBelongToTheLastLayer() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, 4].map { .fixed($0) })
        let own = Self.constant(&graph, "own", [4, 4])
        let shared = Self.constant(&graph, "shared", [4, 4])
        let first = graph.append("MatMul", [x, own], name: "first")[0]
        let second = graph.append("MatMul", [first, shared], name: "second")[0]
        let third = graph.append("MatMul", [second, shared], name: "third")[0]
        graph.outputs = [Graph.Output(name: "third", value: third)]
        let layers = graph.trainableLayers(from: x, to: [third])
        #expect(layers.map { $0.tensors.map(\.name) } == [["own"], ["shared"]])
    }

    @Test func masksAndSingleNumbersAreNotTrained() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, 3, 12].map { .fixed($0) })
        let matrix = Self.constant(&graph, "w", [12, 12])
        var value = graph.append("MatMul", [x, matrix], name: "product")[0]
        let half = graph.addConstant(AnyTensor(Tensor<Float>(repeating: 0.5, shape: [1])), name: "half")
        value = graph.append("Mul", [value, half], name: "scaled")[0]
        var elements = [Float](repeating: 0, count: 12)
        elements[3] = -10_000
        let mask = graph.addConstant(AnyTensor(try Tensor(shape: [12], elements: elements)), name: "mask")
        value = graph.append("Add", [value, mask], name: "masked")[0]
        graph.outputs = [Graph.Output(name: "masked", value: value)]
        #expect(graph.trainableLayers(from: x, to: [value]).flatMap { $0.tensors.map(\.name) } == ["w"])
    }

    @Test func blocksGoFromTheScoresDown() throws {
        let (graph, input, result) = try Self.branched()
        let layers = graph.trainableLayers(from: input, to: [result])
        func blocks(_ limit: Int?) -> [[String]] {
            RandomisationBlock.divided(layers, atMost: limit).map { $0.layers.map { $0.tensors[0].name } }
        }
        let all = [["head.weight"], ["shallow.weight"], ["deep2.weight"], ["deep1.weight"], ["stem.weight"]]
        #expect(blocks(nil) == all && blocks(5) == all && blocks(100) == all)
        #expect(blocks(3) == [["head.weight"], ["shallow.weight", "deep2.weight"], ["deep1.weight", "stem.weight"]])
        #expect(blocks(2) == [["head.weight"], ["shallow.weight", "deep2.weight", "deep1.weight", "stem.weight"]])
        let depths = RandomisationBlock.divided(layers, atMost: 3).map(\.depth)
        #expect(areClose(depths, [0.2, 0.6, 1]))
        #expect(RandomisationBlock.divided(layers, atMost: nil).upperHalf == 0..<2)
        // The head alone is all that can lie above the middle.
        #expect(RandomisationBlock.divided(layers, atMost: 2).upperHalf == 0..<1)
        #expect(RandomisationBlock.divided([], atMost: nil).isEmpty)
        #expect(RandomisationBlock.divided(Array(layers.prefix(1)), atMost: nil).map(\.depth) == [1])
    }

    @Test func statisticsStayUnlessTheyAreReset() throws {
        let (graph, input, result) = try Self.branched()
        let layers = graph.trainableLayers(from: input, to: [result])
        let last = try #require(RandomisationBlock.divided(layers, atMost: nil).last)
        func contents(_ resets: Bool, seed: UInt64 = 0) -> [String: AnyTensor] {
            ParameterDraws(layers, initialiser: .byKind, seed: seed, resetsStatistics: resets).contents(of: last)
        }
        #expect(Set(contents(false).keys) == ["stem.weight", "stem.bias", "norm.scale", "norm.shift"])
        let reset = contents(true)
        #expect(reset["norm.mean"]?.floats == [0, 0, 0, 0] && reset["norm.variance"]?.floats == [1, 1, 1, 1])
        #expect(reset["norm.scale"]?.floats == [1, 1, 1, 1] && reset["norm.shift"]?.floats == [0, 0, 0, 0])
        #expect(reset["stem.weight"]?.floats == contents(false)["stem.weight"]?.floats)
        #expect(reset["stem.weight"]?.floats != contents(true, seed: 1)["stem.weight"]?.floats)
    }

    /// Tensors of one shape are drawn from streams of their own: copies of one stream would be the same layer twice.
    @Test func everyTensorHasItsOwnStream() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, 4].map { .fixed($0) })
        let weights = ["a", "b"].map { Self.constant(&graph, $0, [4, 4]) }
        let first = graph.append("MatMul", [x, weights[0]], name: "first")[0]
        let second = graph.append("MatMul", [first, weights[1]], name: "second")[0]
        graph.outputs = [Graph.Output(name: "second", value: second)]
        let layers = graph.trainableLayers(from: x, to: [second])
        let draws = ParameterDraws(layers, initialiser: .kaiming, seed: 3, resetsStatistics: false)
        let contents = RandomisationBlock.divided(layers, atMost: nil).map { draws.contents(of: $0) }
        #expect(contents[0]["b"]?.floats != contents[1]["a"]?.floats)
    }

    /// A model without any is refused in one sentence.
    @Test func aModelWithoutParametersCannotBeRandomised() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, 3, 8, 8].map { .fixed($0) })
        let pooled = graph.append("GlobalAveragePool", [x], name: "pooled")[0]
        let logits = graph.append("Flatten", [pooled], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        let attributor = Attributor(Model(graph: graph, engine: try ONNXRuntimeEngine()))
        let subject = SanityCheck.Subject(
            name: "grey", inputs: ["x": AnyTensor(Tensor<Float>(repeating: 1, shape: [1, 3, 8, 8]))],
            score: TrialScore(.classIndex(0)))
        let check = SanityCheck(
            attributor, explained: "x", methods: [MethodSpecification("gradient")],
            mostLikely: { _, _ in subject.score })
        let error = #expect(throws: EvaluationError.self) { try check.measurements(of: [subject]) }
        #expect(error?.description.contains("no trained parameters between its input and this score") ?? false)
        #expect(throws: EvaluationError.self) { try check.measurements(of: []) }
    }
}
