import Graphs
import Tensors

/// Which operand of a product of two values carries the picture's content, and which one only weighs it.
enum ProductRole: Sendable, Hashable {
    /// This operand gets all relevance: the other one is a gate, an attention matrix or a norm.
    case signal(Int)
    /// Both are content.
    case bilinear
}

/// Reads the roles of a product's operands off the graph.
struct ProductAnalysis {
    let use: GraphUse
    /// Whether a matrix product takes attention as a weight; elementwise gates always count as weights, because relevance
    /// that passed a sigmoid would be divided by arguments near 0.
    let attentionIsWeight: Bool

    /// The role of a product's operands.
    func role(of node: Node) -> ProductRole {
        guard let left = node.input(0), let right = node.input(1), left != right else { return .bilinear }
        let operands = [left, right]
        // x sigmoid(x) and the like are activations, written as two nodes.
        if node.operation == "Mul" {
            for (signal, other) in [(0, 1), (1, 0)] where isElementwise(operands[other], of: operands[signal]) {
                return .signal(signal)
            }
            for (signal, other) in [(0, 1), (1, 0)]
            where isReciprocal(operands[other]) && !isReciprocal(operands[signal]) {
                return .signal(signal)
            }
        }
        guard node.operation == "Mul" || attentionIsWeight else { return .bilinear }
        let gates = operands.map { isGate($0) }
        if gates[0] != gates[1] { return .signal(gates[0] ? 1 : 0) }
        for (signal, other) in [(0, 1), (1, 0)] where depends(operands[other], on: operands[signal]) {
            return .signal(signal)
        }
        return .bilinear
    }

    /// Whether a value is a function of each element of another one alone.
    private func isElementwise(_ value: ValueID, of source: ValueID) -> Bool {
        var sources: Set<ValueID> = [source]
        // 0.5 x counts as x.
        var stripped = source
        while let node = use.graph.producingNode(of: stripped), ["Mul", "Div"].contains(node.operation),
            use.freeOperands(of: node).count == 1, let operand = use.freeOperands(of: node).first,
            node.input(0) == operand || node.operation == "Mul"
        {
            stripped = operand
            sources.insert(operand)
        }
        var pending = [value]
        var visited: Set<ValueID> = []
        var reached = false
        while let next = pending.popLast() {
            guard visited.insert(next).inserted else { continue }
            if sources.contains(next) {
                reached = true
                continue
            }
            guard visited.count < 32, let node = use.graph.producingNode(of: next),
                RelevanceOperators.isElementwise(node.operation)
            else { return false }
            pending += use.freeOperands(of: node)
        }
        return reached
    }

    /// Whether a value is one over something, as what a vector is normalised by.
    private func isReciprocal(_ value: ValueID) -> Bool {
        guard let node = RelevanceOperators.source(of: value, in: use) else { return false }
        switch node.operation {
        case "Reciprocal": return true
        case "Div": return node.input(0).map { !use.isFree($0) } ?? false
        case "Pow": return (node.input(1).flatMap { use.graph[$0].constant }?.floats.first).map { $0 < 0 } ?? false
        default: return false
        }
    }

    /// Whether a value comes out of a sigmoid or softmax, perhaps scaled, shifted or moved.
    private func isGate(_ value: ValueID) -> Bool {
        var value = value
        var isMixed = false
        while let node = RelevanceOperators.source(of: value, in: use) {
            switch node.operation {
            case "Sigmoid", "HardSigmoid": return !isMixed
            case "Softmax": return true
            case "Clip":
                // ReLU6(x + 3) / 6 is how a hard sigmoid is written out.
                guard !isMixed, let shifted = node.input(0).flatMap({ use.graph.producingNode(of: $0) }) else {
                    return false
                }
                return shifted.operation == "Add" && use.freeOperands(of: shifted).count == 1
            case "MatMul", "Conv":
                // Attention heads that are mixed by weights.
                let operands = use.freeOperands(of: node)
                guard operands.count == 1 else { return false }
                isMixed = true
                value = operands[0]
            case "Div":
                guard let numerator = node.input(0) else { return false }
                value = numerator
            default: return false
            }
        }
        return false
    }

    /// Whether one value is computed from another one.
    private func depends(_ value: ValueID, on source: ValueID) -> Bool {
        var pending = [value]
        var visited: Set<ValueID> = []
        while let next = pending.popLast() {
            if next == source { return true }
            guard next > source, visited.insert(next).inserted, let node = use.graph.producingNode(of: next) else {
                continue
            }
            pending += use.freeOperands(of: node)
        }
        return false
    }
}
