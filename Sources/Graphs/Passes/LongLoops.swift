import ONNXFormat
import ONNXMessages
import Tensors

/// How many nodes a loop runs in all its turns.
struct LoopCost {
    /// More node runs than this in one loop are minutes of nothing but calling nodes.
    static let limit = 10_000_000

    /// The most turns that the node states; nil where only its condition ends it.
    let turns: Int?
    /// Whether nothing but the number of turns can end it.
    let isUnconditional: Bool
    /// Turns times nodes of the body, nested loops included; `Int.max` where that overflows.
    let nodeRuns: Int

    /// Nil for other nodes.
    init?(_ node: Node, in graph: Graph) {
        guard node.operation == "Loop", node.domain.isEmpty, case .subgraph(let body)? = node.attributes["body"] else {
            return nil
        }
        var known: [String: Int] = [:]
        for capture in node.captures {
            if let count = graph[capture].constant.flatMap(Self.number) { known[graph[capture].name] = count }
        }
        turns = node.input(0).flatMap { graph[$0].constant.flatMap(Self.number) }
        isUnconditional = Self.keepsCondition(body)
        nodeRuns = Self.product(max(0, turns ?? 1), Self.cost(of: body, known, depth: 0))
    }

    /// Whether it may run beyond all patience.
    var mayBeEndless: Bool { turns == nil || nodeRuns > Self.limit }

    private static func number(_ tensor: AnyTensor) -> Int? {
        guard !tensor.elementType.isFloatingPoint, tensor.shape.count == 1 else { return nil }
        return tensor.integers.first
    }

    /// Whether the body's condition is the one that it was given, or a constant.
    private static func keepsCondition(_ body: GraphProto) -> Bool {
        guard var name = body.output.first?.name else { return false }
        var seen: Set<String> = []
        while seen.insert(name).inserted, let node = body.node.first(where: { $0.output.contains(name) }) {
            if node.opType == "Constant" { return true }
            guard node.opType == "Identity", let input = node.input.first else { return false }
            name = input
        }
        return body.input.dropFirst().first?.name == name || body.initializer.contains { $0.name == name }
    }

    private static func cost(of body: GraphProto, _ outer: [String: Int], depth: Int) -> Int {
        guard depth < 16 else { return Int.max }
        var known = outer
        for tensor in body.initializer where tensor.dims.allSatisfy({ $0 == 1 }) {
            if let count = (try? AnyTensor(tensor)).flatMap(number) { known[tensor.name] = count }
        }
        for node in body.node where node.opType == "Constant" {
            guard let name = node.output.first, let tensor = try? ConstantNode.tensor(of: node) else { continue }
            known[name] = number(tensor)
        }
        return body.node.reduce(0) { total, node in
            let bodies = node.attribute.filter(\.hasG).map { cost(of: $0.g, known, depth: depth + 1) }
            let inner = bodies.reduce(0, sum)
            let turns = node.opType == "Loop" ? node.input.first.flatMap { known[$0] } ?? 1 : 1
            return sum(total, sum(1, product(max(0, turns), inner)))
        }
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? Int.max : sum
    }

    private static func product(_ left: Int, _ right: Int) -> Int {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? Int.max : product
    }
}

extension Graph {
    /// Refuses a loop whose turns are certain and too many to be run.
    ///
    /// - Throws: `GraphError.longLoop`.
    func checkLoops() throws(GraphError) {
        for node in nodes {
            guard let cost = LoopCost(node, in: self), let turns = cost.turns, cost.isUnconditional,
                cost.nodeRuns > LoopCost.limit, truth(of: node.input(1)) ?? true
            else { continue }
            throw .longLoop(node: label(node), turns: turns, nodeRuns: cost.nodeRuns, limit: LoopCost.limit)
        }
    }

    private func truth(of value: ValueID?) -> Bool? {
        guard let tensor = value.flatMap({ self[$0].constant }), tensor.shape.count == 1 else { return nil }
        return tensor.integers.first.map { $0 != 0 }
    }
}
