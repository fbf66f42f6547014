import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Graphs for a fixed number of samples, rewritten: many samples at once must give what each gives alone.
@Suite struct RebatchingTests {
    private struct Builder {
        var graph = Graph()
        var random = SeededGenerator(seed: 20_261_121)

        mutating func weights(_ shape: Shape, name: String = "w") -> ValueID {
            graph.addConstant(AnyTensor(numbers(shape)), name: name)
        }

        mutating func numbers(_ shape: Shape) -> Tensor<Float> {
            var tensor = Tensor<Float>(repeating: 0, shape: shape)
            tensor.mutateElements { elements in
                for index in elements.indices { elements[index] = Float.random(in: -1...1, using: &random) }
            }
            return tensor
        }

        mutating func integers(_ values: [Int]) -> ValueID {
            graph.addConstant(AnyTensor(Tensor(vector: values.map { Int64($0) })), name: "integers")
        }

        mutating func node(
            _ operation: String, _ inputs: [ValueID], _ attributes: [String: Attribute] = [:]
        ) -> ValueID {
            graph.append(operation, inputs.map { $0 }, attributes: attributes)[0]
        }

        mutating func reshape(_ value: ValueID, _ lengths: [Int]) -> ValueID {
            node("Reshape", [value, integers(lengths)])
        }

        mutating func finish(_ value: ValueID) -> Graph {
            graph.outputs = [Graph.Output(name: graph[value].name, value: value)]
            return graph
        }
    }

    private func rebatching(_ graph: Graph) throws -> Rebatching {
        let known = try graph.specialised(to: [:], by: Models.evaluator())
        let batch = try #require(known.shape(of: known.inputs[0]))[0]
        return try Rebatching(known, batch: batch, inputs: known.inputs)
    }

    /// Runs `count` samples at once and through the original, which takes its own number.
    private func check(_ graph: Graph, counts: [Int] = [1, 3, 5]) throws {
        let rebatching = try rebatching(graph)
        try rebatching.prove(by: Models.evaluator())
        var builder = Builder()
        let name = graph[graph.inputs[0]].name
        let shape = try #require(rebatching.graph.shape(of: rebatching.graph.inputs[0]))
        for count in counts {
            let given = AnyTensor(builder.numbers(Shape([count] + shape.dimensions.dropFirst())))
            let found = try Models.run(rebatching.specialised(to: count, by: Models.evaluator()), [name: given])[0]
            #expect(found.shape[0] == count)
            for sample in 0..<count {
                let alone = try given.rows(Array(repeating: sample, count: shape[0]))
                let expected = try Models.run(graph, [name: alone])[0].rows([0]).floats
                for (value, other) in zip(try found.rows([sample]).floats, expected) {
                    #expect(abs(value - other) < 1e-5)
                }
            }
        }
    }

    /// A patch embedding, a class token, attention with folded heads, and a head, for one or two samples.
    private func tokens(batch: Int) -> Graph {
        var builder = Builder()
        let x = builder.graph.addInput("x", type: .float32, shape: [batch, 3, 8, 8])
        let patches = builder.node(
            "Conv", [x, builder.weights([4, 3, 4, 4])], ["strides": .integers([4, 4])])
        let cells = builder.node(
            "Transpose", [builder.reshape(patches, [batch, 4, 4])], ["perm": .integers([0, 2, 1])])
        let token = builder.numbers([1, 1, 4])
        let tokens = builder.graph.addConstant(
            AnyTensor(token).repeated(batch), name: "token")
        let all = builder.node("Concat", [tokens, cells], ["axis": .integer(1)])
        let joined = builder.node("Add", [all, builder.weights([1, 5, 4])])
        let packed = builder.node("MatMul", [joined, builder.weights([4, 12])])
        let heads = builder.node(
            "Transpose", [builder.reshape(packed, [batch, 5, 3, 2, 2])], ["perm": .integers([2, 0, 3, 1, 4])])
        let parts = (0..<3).map { index in
            builder.node("Gather", [heads, builder.graph.addConstant(AnyTensor(Tensor(Int64(index))))])
        }
        let keys = builder.node("Transpose", [parts[1]], ["perm": .integers([0, 1, 3, 2])])
        let attention = builder.node("Softmax", [builder.node("MatMul", [parts[0], keys])], ["axis": .integer(-1)])
        let read = builder.node(
            "Transpose", [builder.node("MatMul", [attention, parts[2]])], ["perm": .integers([0, 2, 1, 3])])
        let merged = builder.reshape(read, [batch, 5, 4])
        let first = builder.node("Gather", [merged, builder.integers([0])], ["axis": .integer(1)])
        return builder.finish(
            builder.node("Gemm", [builder.reshape(first, [batch, 4]), builder.weights([4, 3])]))
    }

    @Test(arguments: [1, 2])
    func tokensWithAClassTokenTakeAnyNumber(_ batch: Int) throws {
        try check(tokens(batch: batch))
    }

    /// Windows folded into the batch, a mask per window, and the way back.
    @Test(arguments: [1, 2])
    func windowsFoldedIntoTheBatchTakeAnyNumber(_ batch: Int) throws {
        var builder = Builder()
        let x = builder.graph.addInput("x", type: .float32, shape: [batch, 4, 4, 3])
        let cut = builder.node(
            "Transpose", [builder.reshape(x, [batch, 2, 2, 2, 2, 3])], ["perm": .integers([0, 1, 3, 2, 4, 5])])
        let windows = builder.reshape(cut, [4 * batch, 4, 3])
        let mask = AnyTensor(builder.numbers([1, 4, 4, 3])).repeated(batch)
        let masked = builder.node(
            "Add", [windows, builder.graph.addConstant(try mask.reshaped([4 * batch, 4, 3]), name: "mask")])
        let mixed = builder.node("MatMul", [builder.weights([4, 4]), masked])
        let back = builder.node(
            "Transpose", [builder.reshape(mixed, [batch, 2, 2, 2, 2, 3])], ["perm": .integers([0, 1, 3, 2, 4, 5])])
        try check(builder.finish(builder.reshape(back, [batch, 48])))
    }

    /// Attention with the sequence first, as torch.nn.MultiheadAttention exports it: for one sample, a reshape from
    /// [4, 1, 6] to [4, 2, 3] does not say that the samples go with the heads.
    @Test func ambiguousReshapesAreReadAsTheRestOfTheGraphNeedsThem() throws {
        var builder = Builder()
        let x = builder.graph.addInput("x", type: .float32, shape: [1, 4, 6])
        let sequence = builder.node("Transpose", [x], ["perm": .integers([1, 0, 2])])
        func heads(_ builder: inout Builder) -> ValueID {
            let flat = builder.node("MatMul", [builder.reshape(sequence, [4, 6]), builder.weights([6, 6])])
            return builder.node("Transpose", [builder.reshape(flat, [4, 2, 3])], ["perm": .integers([1, 0, 2])])
        }
        let (queries, keys, values) = (heads(&builder), heads(&builder), heads(&builder))
        let turned = builder.node("Transpose", [keys], ["perm": .integers([0, 2, 1])])
        let weights = builder.node("Softmax", [builder.node("MatMul", [queries, turned])], ["axis": .integer(-1)])
        let read = builder.node(
            "Transpose", [builder.node("MatMul", [weights, values])], ["perm": .integers([1, 0, 2])])
        let merged = builder.node("Transpose", [builder.reshape(read, [4, 1, 6])], ["perm": .integers([1, 0, 2])])
        try check(builder.finish(builder.node("ReduceMean", [merged, builder.integers([1])])))
    }

    /// Lengths in Split, Slice, Expand, Resize, Tile and Einsum.
    @Test func everyKindOfLengthIsRewritten() throws {
        var builder = Builder()
        let x = builder.graph.addInput("x", type: .float32, shape: [1, 4, 2, 2])
        var empty = Tensor<Float>(repeating: 0, shape: [0])
        empty.mutateElements { $0 = [] }
        let none = builder.graph.addConstant(AnyTensor(empty), name: "none")
        let larger = builder.node(
            "Resize", [x, none, none, builder.integers([1, 4, 4, 4])], ["mode": .string("nearest")])
        let halves = builder.graph.append(
            "Split", [larger, builder.integers([1, 3])], attributes: ["axis": .integer(1)], outputCount: 2)
        let wide = builder.node("Expand", [halves[0], builder.integers([1, 3, 4, 4])])
        let sum = builder.node("Mul", [wide, halves[1]])
        let sliced = builder.node(
            "Slice", [sum, builder.integers([0, 1]), builder.integers([1, 4]), builder.integers([0, 2])])
        let stacked = builder.node("Concat", [sliced, sliced], ["axis": .integer(0)])
        let parts = builder.graph.append(
            "Split", [stacked, builder.integers([1, 1])], attributes: ["axis": .integer(0)], outputCount: 2)
        let joined = builder.node("Add", [parts[0], builder.node("Tanh", [parts[1]])])
        let product = builder.node(
            "Einsum", [joined, builder.weights([4, 5])], ["equation": .string("bchw,wk->bckh")])
        try check(builder.finish(builder.node("Flatten", [product])))
    }

    /// A constant per sample, a mean over the samples, and a sample picked out have no meaning for another number.
    @Test func whatMixesOrPicksSamplesIsRefused() throws {
        for operation in 0..<5 {
            var builder = Builder()
            let batch = operation == 0 ? 2 : 1
            let x = builder.graph.addInput("x", type: .float32, shape: [batch, 4])
            let y =
                switch operation {
                case 0: builder.node("Add", [x, builder.weights([2, 4])])
                case 1: builder.node("ReduceMean", [x, builder.integers([0])])
                case 2: builder.node("Squeeze", [x, builder.integers([0])])
                case 3: builder.node("MatMul", [builder.weights([3, 1]), x])
                default: builder.node("Gather", [x, builder.integers([0])], ["axis": .integer(0)])
                }
            #expect("\(operation)") {
                try rebatching(builder.finish(y))
            } throws: {
                if case .fixedBatch? = $0 as? GraphError { true } else { false }
            }
        }
    }

    /// Noise follows every rule and still differs from run to run; results that never differ prove nothing.
    @Test func numbersHaveTheLastWord() throws {
        var builder = Builder()
        let x = builder.graph.addInput("x", type: .float32, shape: [1, 4])
        let noise = builder.graph.append("RandomNormal", [], attributes: ["shape": .integers([1, 4])])[0]
        let noisy = try rebatching(builder.finish(builder.node("Add", [x, noise])))
        #expect(throws: GraphError.self) { try noisy.prove(by: Models.evaluator()) }
        builder = Builder()
        let other = builder.graph.addInput("x", type: .float32, shape: [1, 4])
        let zero = builder.graph.addConstant(AnyTensor(Tensor<Float>(0)), name: "zero")
        let constant = try rebatching(builder.finish(builder.node("Mul", [other, zero])))
        #expect(throws: GraphError.self) { try constant.prove(by: Models.evaluator()) }
    }
}

extension AnyTensor {
    /// One sample `count` times along the first axis.
    fileprivate func repeated(_ count: Int) -> AnyTensor {
        (try? rows(Array(repeating: 0, count: count))) ?? self
    }
}
