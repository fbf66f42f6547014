import Graphs
import Tensors

/// Who reads which value of a graph, and what of it depends on the values that are explained.
struct GraphUse: Sendable {
    let graph: Graph
    private let free: [Bool]
    private let readers: [Int32]
    private let lastReader: [Int32]
    private let nonNegative: [Bool]

    /// The use of a graph by what lies behind `explained`.
    init(_ graph: Graph, explained: [ValueID]) {
        self.graph = graph
        free = graph.values(dependingOn: explained)
        var readers = [Int32](repeating: 0, count: graph.values.count)
        var lastReader = readers
        for (position, node) in graph.nodes.enumerated() {
            for operand in node.operands {
                readers[operand.index] += 1
                lastReader[operand.index] = Int32(clamping: position)
            }
        }
        for output in graph.outputs { readers[output.value.index] += 1 }
        self.readers = readers
        self.lastReader = lastReader
        nonNegative = graph.nonNegativeValues()
    }

    /// Whether a value depends on what is explained.
    func isFree(_ value: ValueID) -> Bool { free[value.index] }

    /// The node that alone reads a value; nil for outputs and values with several readers.
    func onlyReader(of value: ValueID) -> Node? {
        readers[value.index] == 1 ? graph.nodes[Int(lastReader[value.index])] : nil
    }

    /// The operands of a node that depend on what is explained.
    func freeOperands(of node: Node) -> [ValueID] { node.inputs.compactMap { $0 }.filter { isFree($0) } }

    /// Whether a value has no negative element, whatever the input.
    func isNonNegative(_ value: ValueID) -> Bool { nonNegative[value.index] }
}

extension Graph {
    /// For every value whether it has no negative element, because it comes out of a ReLU or the like, perhaps pooled or
    /// moved.
    fileprivate func nonNegativeValues() -> [Bool] {
        var result = [Bool](repeating: false, count: values.count)
        for node in nodes where node.domain.isEmpty {
            let isNonNegative =
                switch node.operation {
                case "Relu", "Sigmoid", "HardSigmoid", "Softmax", "Exp", "Softplus", "Abs": true
                case "Clip": (node.input(1).flatMap { self[$0].constant }?.floats.first).map { $0 >= 0 } ?? false
                case "MaxPool", "GlobalMaxPool", "AveragePool", "GlobalAveragePool", "ReduceMean", "ReduceSum",
                    "ReduceMax",
                    "Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split",
                    "DepthToSpace", "SpaceToDepth":
                    node.input(0).map { result[$0.index] } ?? false
                case "Concat", "Add", "Sum": node.operands.allSatisfy { result[$0.index] }
                default: false
                }
            if isNonNegative { for value in node.results { result[value.index] = true } }
        }
        return result
    }
}
