import Graphs
import Tensors

/// Integers through which gradients flow: what quantisation rounded, up to where it becomes floating-point again.
extension Graph {
    /// The operators whose integers stand for real numbers.
    private static let quantisations: Set<String> = [
        "ConvInteger", "DynamicQuantizeLinear", "MatMulInteger", "QuantizeLinear",
    ]

    /// For every value whether it holds quantised numbers.
    func quantisedValues() -> [Bool] {
        var isQuantised = [Bool](repeating: false, count: values.count)
        for node in nodes {
            guard let first = node.output(0) else { continue }
            let carriesOn = node.inputs.contains { input in
                input.map { isQuantised[$0.index] && self[$0].type == self[first].type } ?? false
            }
            isQuantised[first.index] = Self.quantisations.contains(node.operation) || carriesOn
            guard node.operation == "Split", carriesOn else { continue }
            for result in node.results { isQuantised[result.index] = true }
        }
        return isQuantised
    }

    /// Whether a rule that was made for floating-point operands holds for these integers too.
    func movesQuantisedValues(_ node: Node) -> Bool {
        Self.quantisations.contains(node.operation) || Self.quantisedMovements.contains(node.operation)
    }
}
