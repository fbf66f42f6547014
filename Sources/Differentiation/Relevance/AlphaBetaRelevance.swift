package import Graphs

/// LRP-αβ: positive and negative contributions apart, `R = α share⁺ - β share⁻` with α - β = 1 (Bach et al. 2015).
///
/// A contribution is positive where operand and weight have the same sign: `z⁺ = x⁺W⁺ + x⁻W⁻ + b⁺`,
/// `z⁻ = x⁺W⁻ + x⁻W⁺ + b⁻`. α = 1, β = 0 is the z⁺ rule, for operands of any sign.
package struct AlphaBetaRelevance: RelevanceRule {
    let alpha: Double
    let beta: Double

    package init(alpha: Double, beta: Double) {
        self.alpha = alpha
        self.beta = beta
    }

    package func relevance(
        _ layer: LinearRelevance, _ step: inout BackwardStep
    ) throws(DifferentiationError) -> ValueID {
        let weights = (positive: layer.positive(&step), negative: layer.negative(&step))
        let inputs = layer.partsOfInput(&step)
        let (p, n) = (weights.positive, weights.negative)
        let bias = layer.bias.map { (positive: step.positivePart($0), negative: step.negativePart($0)) }
        let favourable = inputs.negative.map { [(inputs.positive, p), ($0, n)] } ?? [(inputs.positive, p)]
        var result = try layer.share(&step, of: favourable, bias: bias?.positive)
        result = step.scale(result, by: alpha)
        guard beta != 0 else { return result }
        let adverse = inputs.negative.map { [(inputs.positive, n), ($0, p)] } ?? [(inputs.positive, n)]
        let negative = try layer.share(&step, of: adverse, bias: bias?.negative)
        return step.subtract(result, step.scale(negative, by: beta))
    }
}

extension LinearRelevance {
    /// `x⁺` and `x⁻`; no negative part where there is none.
    func partsOfInput(_ step: inout BackwardStep) -> (positive: ValueID, negative: ValueID?) {
        layer.isNonNegative ? (input, nil) : (step.positivePart(input), step.negativePart(input))
    }

    /// The relevance in proportion to the contributions of some pairs of operand and weight alone, with a bias.
    func share(
        _ step: inout BackwardStep, of pairs: [(x: ValueID, weight: ValueID)], bias: ValueID?
    ) throws(DifferentiationError) -> ValueID {
        var z = adding(&step, bias, to: product(&step, pairs[0].x, pairs[0].weight))
        for pair in pairs.dropFirst() { z = step.add(z, product(&step, pair.x, pair.weight)) }
        let weighting = step.dividedStably(relevance, by: z, epsilon)
        var result = try share(&step, pairs[0].x, pairs[0].weight, of: weighting)
        for pair in pairs.dropFirst() {
            result = step.add(result, try share(&step, pair.x, pair.weight, of: weighting))
        }
        return result
    }
}
