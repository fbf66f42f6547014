import Tensors

/// Rules of operators whose breach ends the process inside ONNX Runtime 1.31 (a signal, not a status), so that they are checked here.
///
/// Found by trying each operator with operands left out, empty or of a wrong kind and with attributes out of range.
struct NodeRules {
    private let graph: Graph
    private let node: Node

    init(_ node: Node, in graph: Graph) {
        (self.node, self.graph) = (node, graph)
    }

    /// What is wrong with the node, as a clause; nil where no rule is broken.
    var problem: String? {
        guard node.domain.isEmpty else { return nil }
        return operandProblem ?? attributeProblem ?? emptinessProblem ?? sizeProblem
    }

    /// Operators of any number of operands, none of which may be left out.
    private static let variadic: Set<String> = ["Concat", "Einsum", "Max", "Mean", "Min", "Sum"]

    private var operandProblem: String? {
        if Self.variadic.contains(node.operation), node.inputs.contains(where: { $0 == nil }) {
            return "one of its operands is left out, and it needs all of them"
        }
        if node.operation == "Einsum", let equation = node.string("equation") {
            let terms = equation.prefix { $0 != ">" }.count { $0 == "," } + 1
            if terms != node.inputs.count {
                return "its equation has \(terms) terms, and it has \(node.inputs.count) operands"
            }
        }
        return node.operation == "Split" ? splitProblem : nil
    }

    private var splitProblem: String? {
        var stated: [(text: String, count: Int)] = []
        if let count = node.integer("num_outputs") { stated.append(("num_outputs", count)) }
        if let lengths = node.input(1).flatMap({ graph.shape(of: $0) }), lengths.rank == 1 {
            stated.append(("its list of lengths", lengths[0]))
        }
        return stated.first { $0.count != node.outputs.count }.map {
            "it has \(node.outputs.count) results, and \($0.text) states \($0.count)"
        }
    }

    /// Attributes with the range that the engine's kernels take.
    private static let ranges: [String: [(operations: Set<String>, range: ClosedRange<Int>)]] = [
        "group": [(["Conv", "ConvTranspose", "DeformConv"], 1...largest)],
        "offset_group": [(["DeformConv"], 1...largest)],
        "num_groups": [(["GroupNormalization"], 1...largest)],
        "blocksize": [(["DepthToSpace", "SpaceToDepth"], 1...largest)],
        "batch_dims": [(["GatherND"], 0...64)],
        "hidden_size": [(["GRU", "LSTM", "RNN"], 1...largest)],
        "output_height": [(["RoiAlign"], 1...largest)],
        "output_width": [(["RoiAlign"], 1...largest)],
        "sampling_ratio": [(["RoiAlign"], 0...1024)],
        "size": [(["LRN"], 1...largest)],
    ]
    private static let largest = 1 << 20

    private var attributeProblem: String? {
        for (name, rules) in Self.ranges.sorted(by: { $0.key < $1.key }) {
            guard let value = node.integer(name) else { continue }
            for rule in rules where rule.operations.contains(node.operation) && !rule.range.contains(value) {
                return
                    "its attribute \(name) is \(value), and it takes \(rule.range.lowerBound) to \(rule.range.upperBound)"
            }
        }
        if let sides = node.integers("pooled_shape"), !sides.allSatisfy((1...Self.largest).contains) {
            return "its attribute pooled_shape is \(sides), and each length has to be from 1 to \(Self.largest)"
        }
        return nil
    }

    /// Operators that divide by or index into a plane that has to be there.
    private static let needingElements: Set<String> = [
        "DeformConv", "GroupNormalization", "InstanceNormalization", "MaxRoiPool", "RoiAlign",
    ]

    private var emptinessProblem: String? {
        if node.operation == "STFT", let shape = node.input(2).flatMap({ graph.shape(of: $0) }),
            shape.dimensions.contains(0)
        {
            return "its window has the shape \(shape), which holds nothing"
        }
        guard Self.needingElements.contains(node.operation),
            let shape = node.input(0).flatMap({ graph.shape(of: $0) }), shape.dimensions.contains(0)
        else { return nil }
        return "what enters it has the shape \(shape), which holds nothing"
    }

    /// For every operator the operand that has to hold exactly one number.
    private static let single: [String: Int] = [
        "BlackmanWindow": 0, "HammingWindow": 0, "HannWindow": 0, "OneHot": 1, "TopK": 1,
    ]
    private static let windows: Set<String> = ["BlackmanWindow", "HammingWindow", "HannWindow"]

    private var sizeProblem: String? {
        guard let index = Self.single[node.operation], let operand = node.input(index) else { return nil }
        if let shape = graph.shape(of: operand), shape.checkedCount != 1 {
            return "its operand \(index) has the shape \(shape), and one number is needed"
        }
        guard Self.windows.contains(node.operation), let constant = graph[operand].constant,
            let length = constant.integers.first, !(0...1 << 26).contains(length)
        else { return nil }
        return "its window would have \(length) numbers, and 2^26 are the most"
    }
}

extension Graph {
    /// Refuses nodes that would end the process in the engine.
    ///
    /// - Throws: `GraphError.malformedNode`.
    func checkNodes() throws(GraphError) {
        for node in nodes {
            if let problem = NodeRules(node, in: self).problem {
                throw .malformedNode(node: label(node), reason: problem)
            }
        }
    }
}
