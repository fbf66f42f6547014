package import Graphs

/// What a file decides from scores before it puts an answer out: the highest ones, the number of the highest, a yes or no.
package struct Decision: Sendable, Hashable {
    /// The operator that decides.
    package let operation: String
    /// What it decides from.
    package let scores: ValueID
}

extension Graph {
    /// The decision that a value is the answer of, perhaps in another form: as floating-point numbers, one-hot, looked up in a table.
    ///
    /// An answer has no derivative, so that a model which ends in one is explained in front of it.
    package func decision(behind value: ValueID) -> Decision? {
        var current = value
        while let node = producingNode(of: current), node.domain.isEmpty, let operand = node.input(0) {
            switch node.operation {
            case "TopK", "ArgMax", "ArgMin", "Hardmax", "Round":
                return Decision(operation: node.operation, scores: operand)
            case "NonMaxSuppression": return node.input(1).map { Decision(operation: node.operation, scores: $0) }
            case "Greater", "GreaterOrEqual", "Less", "LessOrEqual":
                guard let scores = onlyVarying(node) else { return nil }
                return Decision(operation: node.operation, scores: scores)
            case "Equal":
                if let scores = equalsItsMaximum(node) { return Decision(operation: "ReduceMax", scores: scores) }
                guard let other = onlyVarying(node) else { return nil }
                current = other
            case "Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split",
                "Expand",
                "Tile", "Not":
                current = operand
            case "OneHot", "Where", "Gather", "GatherElements", "ScatterElements", "Add", "Sub", "Mul", "Div", "Mod":
                guard let other = onlyVarying(node) else { return nil }
                current = other
            default: return nil
            }
        }
        return nil
    }

    /// The only operand of a node that is no constant.
    private func onlyVarying(_ node: Node) -> ValueID? {
        let varying = Set(node.operands.filter { self[$0].constant == nil && !isConstantOfShape($0) })
        return varying.count == 1 ? varying.first : nil
    }

    private func isConstantOfShape(_ value: ValueID) -> Bool {
        producingNode(of: value)?.isStandard("ConstantOfShape") == true
    }

    /// x of `x = max x`.
    private func equalsItsMaximum(_ node: Node) -> ValueID? {
        guard let first = node.input(0), let second = node.input(1) else { return nil }
        for (value, other) in [(first, second), (second, first)] {
            if let maximum = producingNode(of: other), maximum.isStandard("ReduceMax"), maximum.input(0) == value {
                return value
            }
        }
        return nil
    }
}
