package import Graphs
import Tensors

/// Rules that do not look at the layer's operand: every element counts by its weights alone.
///
/// `flat`: all elements that a result reads get the same, `R_i = Σ_j R_j / n_j` (Lapuschkin et al. 2017);
/// `squaredWeights`: `R_i = Σ_j W_ij² R_j / Σ_i W_ij²` (the w² rule of Montavon et al. 2017).
package enum FlatRelevance: RelevanceRule {
    case flat
    case squaredWeights

    package func relevance(
        _ layer: LinearRelevance, _ step: inout BackwardStep
    ) throws(DifferentiationError) -> ValueID {
        let weight: ValueID
        switch self {
        case .flat:
            let one = step.scalar(1)
            weight = step.emit(
                "Expand", [one, step.integers(try step.shape(of: layer.weight).dimensions)], like: layer.weight)
        case .squaredWeights: weight = step.emit("Mul", [layer.weight, layer.weight], like: layer.weight)
        }
        let one = step.scalar(1)
        let ones = step.expand(one, to: try step.shape(of: layer.input))
        let z = layer.product(&step, ones, weight)
        return try layer.layer.transposedProduct(
            &step, step.dividedStably(layer.relevance, by: z, layer.epsilon), weight)
    }
}
