package import Graphs
import Tensors

/// Quantisers at the end of a model: QuantizeLinear with the DequantizeLinear that makes its integers numbers again.
extension Graph {
    /// The elements in front of the quantiser that a DequantizeLinear undoes; nil where the node is none, or undoes no quantiser of its
    /// own scale.
    func inFrontOfQuantiser(_ elements: TracedElements, behind node: Node) -> [TracedElements]? {
        guard node.domain.isEmpty, node.operation == "DequantizeLinear", let operand = node.input(0) else { return nil }
        var moved = elements
        moved.value = operand
        moved.activation = nil
        return quantised(moved, by: node)
    }

    /// The elements in front of a quantiser behind which they only moved; nil where there is none on every way.
    func inFrontOfQuantiser(_ elements: TracedElements) -> [TracedElements]? {
        guard let node = producingNode(of: elements.value), node.domain.isEmpty else { return nil }
        let parts: [TracedElements]
        if let real = inFrontOfQuantiser(elements, behind: node) {
            parts = real
        } else if node.operation == "QuantizeLinear", let operand = node.input(0) {
            var front = elements
            front.value = operand
            parts = [front]
        } else {
            guard let moved = moved(elements, behind: node) else { return nil }
            let found = moved.map { inFrontOfQuantiser($0) }
            guard found.contains(where: { $0 != nil }) else { return nil }
            parts = zip(moved, found).flatMap { $1 ?? [$0] }
        }
        return parts.map { part in
            var part = part
            part.activation = elements.activation
            part.factor = elements.factor
            return part
        }
    }

    /// The value in front of a quantiser whose numbers lie in the same order; the value itself where there is none.
    package func unquantised(_ value: ValueID) -> ValueID {
        var current = value
        while let node = producingNode(of: current), node.domain.isEmpty, let operand = node.input(0) {
            switch node.operation {
            case "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast": current = operand
            case "DequantizeLinear":
                guard let count = shape(of: value)?.count,
                    let parts = inFrontOfQuantiser(
                        TracedElements(value: current, positions: [0], members: [0]), behind: node),
                    parts.count == 1, let front = parts.first?.value, shape(of: front)?.count == count,
                    keepsOrder(from: front, to: operand)
                else { return value }
                return front
            default: return value
            }
        }
        return value
    }

    /// Integer elements in front of the QuantizeLinear that made them.
    private func quantised(_ elements: TracedElements, by dequantiser: Node) -> [TracedElements]? {
        guard let node = producingNode(of: elements.value), node.domain.isEmpty else { return nil }
        if node.operation == "QuantizeLinear" {
            guard let operand = node.input(0), areEqual(node.input(1), dequantiser.input(1)),
                areEqual(node.input(2), dequantiser.input(2))
            else { return nil }
            var front = elements
            front.value = operand
            return [front]
        }
        guard let moved = moved(elements, behind: node) else { return nil }
        var parts: [TracedElements] = []
        for part in moved {
            guard let found = quantised(part, by: dequantiser) else { return nil }
            parts += found
        }
        return parts
    }

    /// Whether two parameters are one value or equal constants; a zero point that is left out is 0.
    private func areEqual(_ first: ValueID?, _ second: ValueID?) -> Bool {
        if first == second { return true }
        func numbers(_ value: ValueID?) -> [Float]? {
            guard let value else { return [0] }
            return self[value].constant?.floats
        }
        guard let numbersOfFirst = numbers(first), let numbersOfSecond = numbers(second) else { return false }
        return numbersOfFirst == numbersOfSecond
    }

    /// Whether only operators that leave the order of numbers stand between two values.
    private func keepsOrder(from front: ValueID, to value: ValueID) -> Bool {
        var current = value
        while current != front, let node = producingNode(of: current), let operand = node.input(0) {
            guard ["QuantizeLinear", "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze"].contains(node.operation)
            else { return false }
            current = operand
        }
        return current == front
    }
}
