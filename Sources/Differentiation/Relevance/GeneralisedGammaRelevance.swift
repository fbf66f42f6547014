package import Graphs

/// LRP-γ for operands of any sign: contributions of the result's own sign count more (Andéol et al. 2021).
///
/// Where `z > 0`: `x⁺(W + γW⁺) + x⁻(W + γW⁻)` and `b + γb⁺`; where `z < 0`: `x⁺(W + γW⁻) + x⁻(W + γW⁺)` and `b + γb⁻`.
package struct GeneralisedGammaRelevance: RelevanceRule {
    let gamma: Double

    package init(gamma: Double) { self.gamma = gamma }

    package func relevance(
        _ layer: LinearRelevance, _ step: inout BackwardStep
    ) throws(DifferentiationError) -> ValueID {
        let (p, n) = (layer.positive(&step), layer.negative(&step))
        let inputs = layer.partsOfInput(&step)
        let isPositive = step.isPositive(layer.result)
        let isNegative = step.isBelow(layer.result, 0)
        let favourable = inputs.negative.map { [(inputs.positive, p), ($0, n)] } ?? [(inputs.positive, p)]
        let adverse = inputs.negative.map { [(inputs.positive, n), ($0, p)] } ?? [(inputs.positive, n)]
        let bias = layer.bias.map { (step.positivePart($0), step.negativePart($0)) }
        let raised = (
            part(layer, &step, favourable, bias?.0, where: isPositive),
            part(layer, &step, adverse, bias?.1, where: isNegative)
        )
        let z = step.add(layer.result, step.add(raised.0, raised.1))
        let weighting = step.dividedStably(layer.relevance, by: z, layer.epsilon)
        var result = try layer.share(&step, layer.input, layer.weight, of: weighting)
        for (pairs, mask) in [(favourable, isPositive), (adverse, isNegative)] {
            let masked = step.scale(step.multiply(weighting, mask), by: gamma)
            for (x, weight) in pairs { result = step.add(result, try layer.share(&step, x, weight, of: masked)) }
        }
        return result
    }

    /// `γ mask (Σ Op(x, W) + b)`.
    private func part(
        _ layer: LinearRelevance, _ step: inout BackwardStep, _ pairs: [(ValueID, ValueID)], _ bias: ValueID?,
        where mask: ValueID
    ) -> ValueID {
        var sum = layer.adding(&step, bias, to: layer.product(&step, pairs[0].0, pairs[0].1))
        for (x, weight) in pairs.dropFirst() { sum = step.add(sum, layer.product(&step, x, weight)) }
        return step.scale(step.multiply(mask, sum), by: gamma)
    }
}
