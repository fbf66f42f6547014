import ONNXMessages
import Tensors

extension Graph {
    /// The graph with the bodies of If, Loop and Scan in place of nodes whose course is settled, and without the sequences
    /// whose structure is; nil where there is none.
    ///
    /// - If: its condition is a constant.
    /// - Loop: its condition is a constant in every turn and becomes false, or its trip count is a constant.
    /// - Scan: the length of what it runs over is known.
    /// - SequenceAt, SequenceLength, ConcatFromSequence: every step that made the sequence is known.
    ///
    /// Everything else stays: it runs forward, and only a derivative through it is refused.
    package func resolvingControlFlow(by evaluator: any GraphEvaluator) throws -> Graph? {
        guard nodes.contains(where: { $0.domain.isEmpty && ControlFlow.operations.contains($0.operation) }) else {
            return nil
        }
        var resolution = ControlFlow(GraphRebuilder(self), evaluator)
        for input in inputs { resolution.rebuilder.copyInput(input) }
        for node in nodes where try !resolution.resolve(node) { resolution.rebuilder.copy(node) }
        guard resolution.hasResolved else { return nil }
        for output in outputs { resolution.rebuilder.copyOutput(output) }
        let graph = resolution.rebuilder.graph.eliminatingDeadNodes()
        try graph.validate(after: "control flow")
        return graph
    }
}

extension Graph {
    /// Why a node of control flow is still there after specialisation; nil for other nodes.
    package func reasonForControlFlow(_ node: Node) -> String? {
        guard node.domain.isEmpty else { return nil }
        switch node.operation {
        case "If": return "which branch it takes depends on the input's contents"
        case "Loop":
            let isSettled = node.inputs.prefix(2).allSatisfy { $0.map { self[$0].constant != nil } ?? true }
            return isSettled && node.input(0) != nil
                ? "its turns would be more than \(ControlFlow.largestUnrolledCount) nodes, or end by the input's contents"
                : "how often it runs depends on the input's contents"
        case "Scan": return "its turns would be more than \(ControlFlow.largestUnrolledCount) nodes"
        case "ConcatFromSequence", "SequenceAt", "SequenceConstruct", "SequenceErase", "SequenceInsert", "SequenceMap",
            "SplitToSequence":
            return "what its sequence consists of depends on the input's contents"
        default: return nil
        }
    }
}

/// Puts bodies in place of the nodes that run them, while a graph is rebuilt.
struct ControlFlow {
    static let operations: Set<String> = ["If", "Loop", "Scan", "SequenceAt", "SequenceLength", "ConcatFromSequence"]
    /// The most nodes that one loop may become.
    static let largestUnrolledCount = 10_000
    /// The most nodes that a graph may become.
    static let largestNodeCount = 15_000

    var rebuilder: GraphRebuilder
    let evaluator: any GraphEvaluator
    /// The elements, in the new graph, of the old graph's sequences.
    var sequences: [ValueID: [ValueID]] = [:]
    var hasResolved = false

    init(_ rebuilder: GraphRebuilder, _ evaluator: any GraphEvaluator) {
        self.rebuilder = rebuilder
        self.evaluator = evaluator
    }

    /// Whether something else has taken the node's place.
    mutating func resolve(_ node: Node) throws -> Bool {
        guard node.domain.isEmpty else { return false }
        let isResolved =
            switch node.operation {
            case "If": try resolveIf(node)
            case "Loop": try attempt { (flow) throws in try flow.unrollLoop(node) }
            case "Scan": try attempt { (flow) throws in try flow.unrollScan(node) }
            default: try resolveSequence(node)
            }
        if isResolved { hasResolved = true }
        return isResolved
    }

    /// Unrolls, or leaves no trace.
    private mutating func attempt(_ unroll: (inout ControlFlow) throws -> Bool) throws -> Bool {
        var copy = self
        guard try unroll(&copy) else { return false }
        self = copy
        return true
    }

    /// The branch that the condition takes.
    private mutating func resolveIf(_ node: Node) throws -> Bool {
        guard let condition = node.input(0).flatMap({ truth(rebuilder.source[$0].constant) }),
            case .subgraph(let branch)? = node.attributes[condition ? "then_branch" : "else_branch"],
            branch.output.count >= node.outputs.count, fits(branch.copyCost)
        else { return false }
        var constants: [String: ValueID] = [:]
        let results = try run(branch, of: node, turn: nil, arguments: [], sharing: &constants)
        for (old, new) in zip(node.outputs, results) { if let old { rebuilder.alias(old, to: new) } }
        return true
    }

    // MARK: Bodies

    /// Appends a copy of a body and returns its outputs.
    mutating func run(
        _ body: GraphProto, of node: Node, turn: Int?, arguments: [ValueID], sharing constants: inout [String: ValueID]
    ) throws -> [ValueID] {
        var scope: [String: ValueID] = [:]
        for capture in node.captures { scope[rebuilder.source[capture].name] = rebuilder.value(capture) }
        var parent = node.origin
        if let turn, !parent.name.isEmpty { parent.name += "/\(turn)" }
        var importer = GraphImporter(body: body, of: parent, scope: scope)
        return try importer.run(into: &rebuilder.graph, arguments: arguments, sharing: &constants)
    }

    /// Whether the graph may have as many nodes more.
    func fits(_ count: Int) -> Bool {
        count <= Self.largestUnrolledCount && rebuilder.graph.nodes.count + count <= Self.largestNodeCount
    }

    func truth(_ tensor: AnyTensor?) -> Bool? {
        guard let tensor, tensor.elementType == .bool, tensor.shape.count == 1 else { return nil }
        return tensor.integers.first.map { $0 != 0 }
    }

    /// A whole number that a constant holds.
    func integer(_ tensor: AnyTensor?) -> Int? {
        guard let tensor, !tensor.elementType.isFloatingPoint, tensor.shape.count == 1 else { return nil }
        return tensor.integers.first
    }

    /// The results of all turns along a new axis.
    mutating func stack(_ values: [ValueID], axis: Int, as old: ValueID, of node: Node) {
        let axes = rebuilder.graph.addConstant(AnyTensor(Tensor(vector: [Int64(axis)])), name: "axes")
        let parts = values.map { rebuilder.graph.append("Unsqueeze", [$0, axes], origin: node.origin)[0] }
        let result = rebuilder.graph.append(
            "Concat", parts, attributes: ["axis": .integer(axis)], name: rebuilder.source[old].name,
            origin: node.origin)[0]
        rebuilder.alias(old, to: result)
    }
}
