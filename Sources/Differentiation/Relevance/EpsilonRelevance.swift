package import Graphs

/// LRP-ε: in proportion to the contributions, `R_i = x_i Σ_j W_ij R_j / (z_j + ε sign z_j)` (Bach et al. 2015). The bias
/// is a contribution too, whose share is lost.
package struct EpsilonRelevance: RelevanceRule {
    package init() {}

    package func relevance(
        _ layer: LinearRelevance, _ step: inout BackwardStep
    ) throws(DifferentiationError) -> ValueID {
        let weighting = step.dividedStably(layer.relevance, by: layer.result, layer.epsilon)
        return try layer.share(&step, layer.input, layer.weight, of: weighting)
    }
}
