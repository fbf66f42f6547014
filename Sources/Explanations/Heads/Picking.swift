package import Graphs
import Tensors

extension Graph {
    /// What numbers were picked from, by their contents: what enters the first TopK, Gather or maximum on the way to a value.
    ///
    /// Between picks the numbers may be moved, scaled, or pass an activation; nil where nothing was picked.
    package func picked(_ value: ValueID) -> ValueID? {
        guard let node = producingNode(of: value), node.domain.isEmpty, let operand = node.input(0) else { return nil }
        switch node.operation {
        case "TopK":
            guard node.output(0) == value else { return nil }
            return picked(operand) ?? operand
        case "Gather", "GatherElements", "GatherND":
            guard self[operand].constant == nil, let indices = node.input(1), self[indices].constant == nil else {
                return self[operand].constant == nil ? picked(operand) : nil
            }
            return picked(operand) ?? operand
        case "ReduceMax": return picked(operand) ?? operand
        case "Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split", "Expand",
            "Sigmoid", "Softmax", "Clip":
            return picked(operand)
        case "Mul", "Div", "Add", "Sub", "Min", "Max":
            let varying = node.operands.filter { self[$0].constant == nil }
            return varying.count == 1 ? picked(varying[0]) : nil
        default: return nil
        }
    }

    /// Whether a TopK decides where a value's numbers stand.
    func isPlaced(_ value: ValueID) -> Bool {
        var current: ValueID? = value
        while let next = current, let node = producingNode(of: next), node.domain.isEmpty {
            if node.operation == "TopK" { return true }
            let picks = ["Gather", "GatherElements", "GatherND"].contains(node.operation)
            if picks, let indices = node.input(1), self[indices].constant == nil { return true }
            current = node.input(0).flatMap { self[$0].constant == nil ? $0 : nil }
        }
        return false
    }

    /// A value before it was laid out as one long row.
    package func unflattened(_ value: ValueID) -> ValueID {
        var current = value
        while let node = producingNode(of: current), node.domain.isEmpty, let operand = node.input(0),
            ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"].contains(node.operation),
            let shape = shape(of: current), shape.dimensions.count(where: { $0 > 1 }) <= 1,
            self.shape(of: operand)?.count == shape.count
        { current = operand }
        return current
    }

    /// The last NonMaxSuppression that a value depends on.
    package func suppression(behind value: ValueID) -> Node? {
        let needed = neededNodes(for: [value]).values
        return nodes.last { node in
            node.isStandard("NonMaxSuppression") && node.output(0).map { needed[$0.index] } == true
        }
    }
}
