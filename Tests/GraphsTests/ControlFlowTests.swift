import Differentiation
import Graphs
import ONNXFormat
import ONNXMessages
import Tensors
import Testing

@Suite struct ControlFlowTests {
    private static let operations: Set<String> = [
        "If", "Loop", "Scan", "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert",
        "SequenceLength", "ConcatFromSequence", "SplitToSequence",
    ]

    @Test func settledControlFlowGoesAndComputesTheSame() throws {
        for golden in try ImportGolden.cases("control flow") {
            let graph = try golden.specialised()
            #expect(graph.nodes.filter { Self.operations.contains($0.operation) }.isEmpty, "\(golden.name)")
            try ImportGolden.check(graph, computes: golden)
            // And so does the exported file.
            try ImportGolden.check(Graph(graph.model()), computes: golden)
        }
    }

    @Test func theOtherBranchIsGone() throws {
        let golden = try #require(ImportGolden.cases("control flow").first { $0.name == "If False" })
        #expect(try golden.specialised().nodes.map(\.operation) == ["Exp", "Neg", "Abs"])
    }

    @Test func aLoopByContentsStays() throws {
        let body = Self.loopBody([NodeProto("Neg", ["v"], ["vo"]), NodeProto("Identity", ["c"], ["co"])])
        let graph = try Graph(
            Models.model(
                [
                    NodeProto("Loop", ["n", "", "x"], ["z"], attributes: [AttributeProto("body", graph: body)]),
                    NodeProto("Abs", ["z"], ["y"]),
                ], inputs: [Models.input("x", [2]), Models.input("n", [], type: .int64)])
        ).specialised(to: [:], by: Models.evaluator())
        #expect(graph.nodes.map(\.operation) == ["Loop", "Abs"])
        let inputs = try ["x": Models.floats([1, -2]), "n": AnyTensor(Tensor(Int64(3)))]
        #expect(try Models.run(graph, inputs)[0].floats == [1, 2])
    }

    @Test func aConditionByContentsKeepsTheLoop() throws {
        // The condition is the sum of what is carried.
        let body = Self.loopBody([
            NodeProto("Mul", ["v", "v"], ["vo"]),
            NodeProto("ReduceSum", ["vo"], ["s"], attributes: [AttributeProto("keepdims", int: 0)]),
            NodeProto("Less", ["s", "bound"], ["co"]),
        ])
        let graph = try Graph(
            Models.model(
                [NodeProto("Loop", ["n", "", "x"], ["y"], attributes: [AttributeProto("body", graph: body)])],
                inputs: [Models.input("x", [2])],
                initializers: [
                    TensorProto(AnyTensor(Tensor(Int64(5))), name: "n"),
                    TensorProto(AnyTensor(Tensor(Float(16))), name: "bound"),
                ])
        ).specialised(to: [:], by: Models.evaluator())
        #expect(graph.nodes.map(\.operation) == ["Loop"])
        #expect(try Models.run(graph, ["x": Models.floats([1, 2])])[0].floats == [1, 16])
    }

    @Test(arguments: [5001, 100_000]) func loopsThatAreTooLongStay(trips: Int64) throws {
        let body = Self.loopBody([NodeProto("Neg", ["v"], ["vo"]), NodeProto("Identity", ["c"], ["co"])])
        let graph = try Graph(
            Models.model(
                [NodeProto("Loop", ["n", "", "x"], ["y"], attributes: [AttributeProto("body", graph: body)])],
                initializers: [TensorProto(AnyTensor(Tensor(trips)), name: "n")])
        ).specialised(to: [:], by: Models.evaluator())
        #expect(graph.nodes.map(\.operation) == ["Loop"])
    }

    @Test func whatAnEndlessLoopComputesIsNotMeasured() throws {
        // Nothing ends the loop where the input is 0, with which unknown shapes are measured.
        let body = Self.loopBody([
            NodeProto("NonZero", ["v"], ["p"]),
            NodeProto("Cast", ["p"], ["f"], attributes: [AttributeProto("to", int: 1)]),
            NodeProto("ReduceMax", ["v"], ["m"], attributes: [AttributeProto("keepdims", int: 0)]),
            NodeProto("Less", ["m", "bound"], ["co"]), NodeProto("Mul", ["v", "two"], ["vo"]),
        ])
        let graph = try Graph(
            Models.model(
                [
                    NodeProto("Loop", ["", "t", "x"], ["l"], attributes: [AttributeProto("body", graph: body)]),
                    NodeProto("NonZero", ["l"], ["n"]),
                    NodeProto("Cast", ["n"], ["y"], attributes: [AttributeProto("to", int: 1)]),
                ],
                initializers: [
                    TensorProto(AnyTensor(Tensor(true)), name: "t"),
                    TensorProto(AnyTensor(Tensor(Float(7))), name: "bound"),
                    TensorProto(AnyTensor(Tensor(Float(2))), name: "two"),
                ])
        ).specialised(to: [:], by: Models.evaluator())
        #expect(graph.nodes.map(\.operation) == ["Loop", "NonZero", "Cast"])
        #expect(try Models.run(graph, ["x": Models.floats([0, 0, 0, 1, 0, 0], [2, 3])])[0].floats == [1, 0])
    }

    @Test func nestedLoopsDoNotGrowWithoutBound() throws {
        // 30 turns of 30 turns of 30: the outermost is unrolled, and the graph stays within its bound.
        var node = NodeProto("Neg", ["v0"], ["vo0"])
        for level in 0..<3 {
            var body = Self.loopBody([node, NodeProto("Identity", ["c\(level)"], ["co\(level)"])])
            for (index, name) in ["i", "c", "v"].enumerated() { body.input[index].name = "\(name)\(level)" }
            for (index, name) in ["co", "vo"].enumerated() { body.output[index].name = "\(name)\(level)" }
            node = NodeProto(
                "Loop", ["n", "", "v\(level + 1)"], ["vo\(level + 1)"],
                attributes: [AttributeProto("body", graph: body)])
        }
        node.input[2] = "x"
        node.output = ["y"]
        let graph = try Graph(
            Models.model([node], initializers: [TensorProto(AnyTensor(Tensor(Int64(30))), name: "n")])
        ).specialised(to: [:], by: Models.evaluator())
        #expect(graph.nodes.contains { $0.operation == "Loop" })
        #expect(graph.nodes.count < 17_000)
    }

    @Test func weightsOfABodyStandInTheGraphOnce() throws {
        var body = Self.loopBody([NodeProto("Mul", ["v", "w"], ["vo"]), NodeProto("Identity", ["c"], ["co"])])
        body.initializer = [TensorProto(try Models.floats([1, 2, 3]), name: "w")]
        let graph = try Graph(
            Models.model(
                [
                    NodeProto(
                        "Loop", ["n", "", "x"], ["y"], name: "loop", attributes: [AttributeProto("body", graph: body)])
                ],
                initializers: [TensorProto(AnyTensor(Tensor(Int64(3))), name: "n")])
        ).specialised(to: [:], by: Models.evaluator())
        #expect(graph.nodes.map(\.operation) == ["Mul", "Mul", "Mul"])
        #expect(graph.values.filter { $0.constant?.elementType == .float32 }.count == 1)
        #expect(graph.nodes.map(\.origin.name) == ["loop/0", "loop/1", "loop/2"])
    }

    @Test func derivativesGoThroughUnrolledLoops() throws {
        // y = w³ x, so that ⟨1, y⟩ has the derivative w³.
        var body = Self.loopBody([NodeProto("Mul", ["v", "w"], ["vo"]), NodeProto("Identity", ["c"], ["co"])])
        body.initializer = [TensorProto(try Models.floats([1, 2, -3]), name: "w")]
        let graph = try Graph(
            Models.model(
                [NodeProto("Loop", ["n", "", "x"], ["y"], attributes: [AttributeProto("body", graph: body)])],
                inputs: [Models.input("x", [3])], initializers: [TensorProto(AnyTensor(Tensor(Int64(3))), name: "n")])
        ).specialised(to: [:], by: Models.evaluator())
        let x = try #require(graph.inputs.first)
        let derived = try graph.differentiated([graph.outputs[0].value], withRespectTo: [x])
        let gradient = derived.graph.tapped(at: [try #require(derived.cotangents[x])])
        let ones = try Models.floats([1, 1, 1])
        let inputs = gradient.inputs.map { (gradient[$0].name, ones) }
        #expect(try Models.run(gradient, Dictionary(uniqueKeysWithValues: inputs))[0].floats == [1, 8, -27])
    }

    @Test func whatTheInputDecidesIsRefusedOnlyOnTheWay() throws {
        let then = Self.branch("Neg")
        let graph = try Graph(
            Models.model(
                [
                    NodeProto("Relu", ["x"], ["a"]),
                    NodeProto("ReduceMax", ["a"], ["m"], attributes: [AttributeProto("keepdims", int: 0)]),
                    NodeProto("Greater", ["m", "bound"], ["c"]),
                    NodeProto(
                        "If", ["c"], ["b"], name: "choice",
                        attributes: [
                            AttributeProto("then_branch", graph: then),
                            AttributeProto("else_branch", graph: Self.branch("Exp")),
                        ]), NodeProto("Abs", ["b"], ["y"]),
                ], inputs: [Models.input("x", [3])],
                initializers: [TensorProto(AnyTensor(Tensor(Float(2))), name: "bound")])
        ).specialised(to: [:], by: Models.evaluator())
        let (x, b) = (try #require(graph.inputs.first), try #require(graph.value(named: "b")))
        let output = graph.outputs[0].value
        _ = try graph.differentiated([output], withRespectTo: [b])
        let error = #expect(throws: DifferentiationError.self) {
            try graph.differentiated([output], withRespectTo: [x])
        }
        #expect(error?.description.contains("If 'choice'") == true)
        #expect(error?.description.contains("which branch it takes") == true)
        #expect(try Models.run(graph, ["x": Models.floats([1, 0, 3])])[0].floats == [1, 0, 3])
    }

    private static func branch(_ operation: String) -> GraphProto {
        var graph = GraphProto()
        graph.name = operation
        graph.node = [NodeProto(operation, ["a"], ["\(operation).result"])]
        graph.output = [Models.output("\(operation).result")]
        return graph
    }

    /// A body that carries one value.
    private static func loopBody(_ nodes: [NodeProto]) -> GraphProto {
        var body = GraphProto()
        body.name = "body"
        body.node = nodes
        body.input = [Models.input("i", [], type: .int64), Models.input("c", [], type: .bool), Models.input("v", nil)]
        body.output = [Models.output("co", type: .bool), Models.output("vo")]
        return body
    }
}
