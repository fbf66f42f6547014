package import Graphs

/// Excitation backpropagation: `P(x_i) = x_i Σ_j W_ij⁺ P(z_j) / Σ_i x_i W_ij⁺`, on the positive part of the operand and
/// without bias (Zhang et al. 2016, eq. 4).
///
/// A contrastive layer gives the difference to what the same layer with negated weights would give.
package struct ExcitationRelevance: RelevanceRule {
    let isContrastive: Bool

    package init(isContrastive: Bool = false) { self.isContrastive = isContrastive }

    package func relevance(
        _ layer: LinearRelevance, _ step: inout BackwardStep
    ) throws(DifferentiationError) -> ValueID {
        let x = layer.partsOfInput(&step).positive
        let excitation = try layer.share(&step, of: [(x, layer.positive(&step))], bias: nil)
        guard isContrastive else { return excitation }
        let negated = step.emit("Neg", [layer.negative(&step)], like: layer.weight)
        return step.subtract(excitation, try layer.share(&step, of: [(x, negated)], bias: nil))
    }
}
