package import Graphs

/// LRP-γ: positive weights and biases count more, `W' = W + γ W⁺`, `b' = b + γ b⁺`, and then as LRP-ε with
/// `z' = Op(x, W') + b'` (Montavon et al. 2019, eq. 10.6).
package struct GammaRelevance: RelevanceRule {
    let gamma: Double

    package init(gamma: Double) { self.gamma = gamma }

    package func relevance(
        _ layer: LinearRelevance, _ step: inout BackwardStep
    ) throws(DifferentiationError) -> ValueID {
        let raised = step.scale(layer.positive(&step), by: gamma)
        let weight = step.emit("Add", [layer.weight, raised], like: layer.weight)
        let bias = layer.bias.map { bias in
            let positive = step.positivePart(bias)
            return step.add(bias, step.scale(positive, by: gamma))
        }
        let z = layer.adding(&step, bias, to: layer.product(&step, layer.input, weight))
        return try layer.share(
            &step, layer.input, weight, of: step.dividedStably(layer.relevance, by: z, layer.epsilon))
    }
}
