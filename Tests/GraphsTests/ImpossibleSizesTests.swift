import Graphs
import ONNXFormat
import ONNXMessages
import Runtime
import Tensors
import TestSupport
import Testing

/// Lengths, sizes and turns that a file states and no run may take: refused before the engine sees them, in a sentence.
@Suite struct ImpossibleSizesTests {
    private func specialise(
        _ nodes: [NodeProto], _ shape: [Int], constants: [String: [Int64]] = [:],
        memory: MemoryBudget = .ofMachine
    ) throws -> Graph {
        let message = Models.model(
            nodes, inputs: [Models.input("x", shape.map { _ in -1 })],
            initializers: constants.map { TensorProto(Models.integers($0.value), name: $0.key) })
        return try Graph(message).specialised(
            to: ["x": Shape(shape)], by: EngineEvaluator(ONNXRuntimeEngine(memory: memory)))
    }

    /// A window larger than its picture, and a Slice behind it, at which ONNX Runtime's inference aborts.
    /// A side of s under a window of k leaves s - k + 1.
    @Test(arguments: [(4, 8, -3), (4, 6, -1), (3, 5, -1)])
    func windowsLargerThanTheirInputsAreRefused(_ side: Int, _ window: Int, _ length: Int) throws {
        let nodes = [
            NodeProto(
                "MaxPool", ["x"], ["p"],
                attributes: [AttributeProto("kernel_shape", ints: [window, window])]),
            NodeProto("Slice", ["p", "from", "to", "axes", "steps"], ["y"]),
        ]
        let constants: [String: [Int64]] = ["from": [0, 0], "to": [9, 9], "axes": [2, 3], "steps": [2, 2]]
        #expect {
            try specialise(nodes, [1, 3, side, side], constants: constants)
        } throws: { error in
            guard case GraphError.negativeLength("p", _, [1, 3, length, length], length) = error else { return false }
            return true
        }
        // Where the window fits, there is something behind the Slice: every second of 8 - window + 1.
        let graph = try specialise(nodes, [1, 3, 8, 8], constants: constants)
        let left = (8 - window + 2) / 2
        #expect(graph.value(named: "y").flatMap { graph.shape(of: $0) } == [1, 3, left, left])
    }

    @Test func cropsLargerThanTheirInputsAreRefused() throws {
        let nodes = [
            NodeProto("Pad", ["x", "pads"], ["p"]), NodeProto("Slice", ["p", "from", "to", "axes"], ["y"]),
        ]
        let constants: [String: [Int64]] = [
            "pads": [0, 0, -3, -3, 0, 0, -3, -3], "from": [0, 0], "to": [9, 9], "axes": [2, 3],
        ]
        #expect {
            try specialise(nodes, [1, 3, 4, 4], constants: constants)
        } throws: { ($0 as? GraphError)?.isAboutSize == true }
        #expect {
            try specialise(nodes, [1, 3, 5, 5], constants: constants)
        } throws: { ($0 as? GraphError)?.isAboutSize == true }
    }

    /// 4 MiB times 64 are 256 MiB.
    @Test func valuesBeyondTheBudgetAreRefused() throws {
        let nodes = [NodeProto("Tile", ["x", "times"], ["t"]), NodeProto("Relu", ["t"], ["y"])]
        #expect {
            try specialise(nodes, [1 << 20], constants: ["times": [64]], memory: MemoryBudget(bytes: 1 << 28))
        } throws: { error in
            guard case GraphError.memory("t", _, [67_108_864], 268_435_456, 536_870_912, _) = error else {
                return false
            }
            return true
        }
        _ = try specialise(nodes, [1 << 20], constants: ["times": [64]], memory: MemoryBudget(bytes: 1 << 30))
    }

    /// A size that the input's contents decide: 2^30 zeros where the largest element is 0, 4 GiB.
    @Test func sizesThatContentsDecideStayWithinTheBudget() throws {
        let nodes = [
            NodeProto("ReduceMax", ["x"], ["m"]),
            NodeProto("Cast", ["m"], ["i"], attributes: [AttributeProto("to", int: 7)]),
            NodeProto("Add", ["i", "size"], ["n"]), NodeProto("ConstantOfShape", ["n"], ["y"]),
        ]
        #expect {
            try specialise(nodes, [1], constants: ["size": [1 << 30]], memory: MemoryBudget(bytes: 1 << 26))
        } throws: { ($0 as? RuntimeError) == .outOfMemory(MemoryBudget(bytes: 1 << 26)) }
        let small = try specialise(nodes, [1], constants: ["size": [5]], memory: MemoryBudget(bytes: 1 << 26))
        #expect(small.value(named: "y").flatMap { small.shape(of: $0) } == [5])
    }

    @Test func declaredLengthsThatNoMachineHoldsAreRefused() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [.symbolic("n"), .fixed(1 << 40), .fixed(1 << 40)])
        graph.outputs = [Graph.Output(name: "y", value: graph.append("Relu", [x], name: "y")[0])]
        #expect(throws: GraphError.tooLarge(value: "x", shape: [1 << 40, 1 << 40])) { try graph.checkDeclaredLengths() }
    }

    @Test func longLoopsAreRefused() throws {
        var body = GraphProto()
        body.name = "body"
        body.node = [NodeProto("Add", ["s", "s"], ["t"]), NodeProto("Identity", ["q"], ["r"])]
        body.input = [
            Models.input("i", [], type: .int64), Models.input("q", [], type: .bool), Models.input("s", nil),
        ]
        body.output = [Models.output("r", type: .bool), Models.output("t")]
        var attribute = AttributeProto()
        attribute.name = "body"
        attribute.type = .graph
        attribute.g = body
        let loop = NodeProto("Loop", ["turns", "", "x"], ["y"], attributes: [attribute])
        #expect {
            try specialise([loop], [2], constants: ["turns": [1_000_000_000]])
        } throws: { error in
            guard case GraphError.longLoop(_, 1_000_000_000, 2_000_000_000, _) = error else { return false }
            return true
        }
        _ = try specialise([loop], [2], constants: ["turns": [3]])
    }

    /// Each ends ONNX Runtime 1.31 with a signal (integer division by zero, bad address, assertion).
    @Test(arguments: [
        ("DepthToSpace", "blocksize", 1 << 62), ("GatherND", "batch_dims", -7), ("Conv", "group", 0),
        ("ConvTranspose", "group", 0),
    ])
    func malformedNodesAreRefused(_ operation: String, _ name: String, _ value: Int) throws {
        let node = NodeProto(operation, ["x", "i"], ["y"], attributes: [AttributeProto(name, int: value)])
        #expect {
            try specialise([node], [1, 4, 4, 4], constants: ["i": [0]])
        } throws: { error in
            guard case GraphError.malformedNode(_, let reason) = error else { return false }
            return reason.contains("\(value)")
        }
    }
}
