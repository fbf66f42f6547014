import Graphs
import Tensors

/// Normalisations by statistics of the picture itself, with the deviation as a constant:
/// `R_x = x ⊙ r (h - mean h)`, `h = scale R_y / (y + ε sign y)`, r the inverse deviation (Ali et al. 2022; Achtibat et
/// al. 2024).
struct NormalisationRelevanceRule: BackwardRule {
    let epsilon: Double

    var character: RuleCharacter { .modified }

    static let operations: Set<String> = ["LayerNormalization", "InstanceNormalization", "GroupNormalization"]

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let relevance = step.resultCotangents[0], step.wants(0) else { return result }
        let shape = try step.shape(ofOperand: 0)
        let x = try step.operand(0)
        let (form, axes, factor) = try layout(&step, shape)
        let weighting = step.dividedStably(relevance, by: try step.result(), epsilon)
        let grouped = step.reshape(step.multiply(weighting, factor), to: form)
        let centred = step.subtract(grouped, step.mean(grouped, over: axes))
        let deviation = inverseDeviation(&step, step.reshape(x, to: form), axes)
        let back = step.reshape(step.multiply(centred, deviation), to: shape)
        result[0] = Cotangent(step.multiply(x, back), shape)
        return result
    }

    /// The shape in which the statistics are taken over whole axes, these axes, and the scale as it is broadcast over x.
    private func layout(
        _ step: inout BackwardStep, _ shape: Shape
    ) throws(DifferentiationError) -> (Shape, [Int], ValueID) {
        let scale = try step.operand(1)
        if step.node.operation == "LayerNormalization" {
            let axis = try step.axis(step.node.integer("axis") ?? -1, rank: shape.rank)
            return (shape, Array(axis..<shape.rank), scale)
        }
        let isPerChannel = step.node.operation == "InstanceNormalization"
        let groups = isPerChannel && shape.rank > 1 ? shape[1] : step.node.integer("num_groups") ?? 0
        guard shape.rank >= 2, groups > 0, shape[1] % groups == 0 else {
            throw .unsupported(node: step.label, reason: "its channels are no multiple of its groups")
        }
        let members = shape[1] / groups * shape.dimensions.dropFirst(2).reduce(1, *)
        let perChannel = Shape([shape[1]] + [Int](repeating: 1, count: shape.rank - 2))
        return ([shape[0], groups, members], [2], step.reshape(scale, to: perChannel))
    }

    private func inverseDeviation(_ step: inout BackwardStep, _ x: ValueID, _ axes: [Int]) -> ValueID {
        let centred = step.subtract(x, step.mean(x, over: axes))
        let variance = step.mean(step.multiply(centred, centred), over: axes)
        let small = step.scalar(Double(step.node.float("epsilon") ?? 1e-5))
        return step.emit("Reciprocal", [step.emit("Sqrt", [step.add(variance, small)])])
    }
}
