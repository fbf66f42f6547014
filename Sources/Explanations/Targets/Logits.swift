package import Graphs
import Tensors

extension Graph {
    /// Where elements of an output are before their softmax or sigmoid, and before a quantiser, which rounds and cuts off; those
    /// that pass neither stay where they are.
    ///
    /// Where scales or heads are concatenated, the elements are taken in front of that, so that a score depends on its own scale only.
    package func logits(of positions: [Int], in value: ValueID) -> [TracedElements] {
        var result: [TracedElements] = []
        var bare: [Int] = []
        for elements in traced(positions, of: value) {
            if elements.activation == nil {
                bare += elements.members
            } else {
                var elements = elements
                elements.factor = 1
                result += separated(elements)
            }
        }
        if !bare.isEmpty {
            let elements = TracedElements(value: value, positions: bare.map { positions[$0] }, members: bare)
            result += (inFrontOfQuantiser(elements) ?? [elements]).flatMap { separated($0) }
        }
        return result
    }

    /// What the probabilities that all elements are were multiplied by: 1, or 100 for percent; nil where they are none.
    package func probabilityFactor(_ positions: [Int], of value: ValueID) -> Float? {
        let traced = traced(positions, of: value)
        let factors = Set(traced.map(\.factor))
        let isProbable = traced.allSatisfy { $0.activation == "Softmax" || $0.activation == "Sigmoid" }
        return isProbable && factors.count == 1 ? factors.first : nil
    }

    private func separated(_ elements: TracedElements) -> [TracedElements] {
        guard isConcatenation(elements.value) else { return [elements] }
        return traced(elements.positions, of: elements.value, to: []).map { part in
            var part = part
            part.members = part.members.map { elements.members[$0] }
            return part
        }
    }

    /// Whether a value is a Concat's result, perhaps in another order or shape.
    private func isConcatenation(_ value: ValueID) -> Bool {
        var current = value
        while let node = producingNode(of: current), node.domain.isEmpty, let operand = node.input(0) {
            if node.operation == "Concat" { return true }
            guard
                ["Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Cast", "Split", "Slice"]
                    .contains(node.operation)
            else { return false }
            current = operand
        }
        return false
    }

    /// What a vector was before it was scaled to length 1, and before a quantiser; the value itself where it was neither.
    package func unnormalised(_ value: ValueID) -> ValueID {
        let value = unquantised(value)
        var current = value
        while let node = producingNode(of: current), node.domain.isEmpty, let operand = node.input(0) {
            switch node.operation {
            case "LpNormalization" where (node.integer("p") ?? 2) == 2: return operand
            case "Div":
                guard let length = node.input(1), isLength(length, of: operand) else { return value }
                return operand
            case "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast": current = operand
            default: return value
            }
        }
        return value
    }

    /// Whether `length` is `‖vector‖`, perhaps bounded from below.
    private func isLength(_ length: ValueID, of vector: ValueID) -> Bool {
        var current = length
        var operations: Set<String> = []
        while current != vector {
            guard let node = producingNode(of: current), node.domain.isEmpty,
                [
                    "ReduceL2", "ReduceSumSquare", "ReduceSum", "Sqrt", "Pow", "Mul", "Abs", "Clip", "Max", "Add",
                    "Expand", "Reshape", "Unsqueeze", "Cast",
                ]
                .contains(node.operation),
                let operand = node.inputs.compactMap({ $0 }).first(where: { self[$0].constant == nil })
            else { return false }
            operations.insert(node.operation)
            current = operand
        }
        let squares = operations.contains("Mul") || operations.contains("Pow")
        return operations.contains("ReduceL2")
            || (operations.contains("Sqrt")
                && (operations.contains("ReduceSumSquare") || (operations.contains("ReduceSum") && squares)))
    }
}
