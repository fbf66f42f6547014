import Explanations
package import Tensors

/// Spearman's rank correlation of the signed values of two maps; equal values share the mean of their ranks.
package struct SpearmanDiverging: MapSimilarity, ParameterFree {
    package static let description = MeasureDescription(
        name: "spearman-diverging", family: .similarity, summary: "Rank correlation of the signed values.",
        formula: "Pearson's correlation of the ranks of a and b, ties with the mean of their ranks",
        paper: "Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018", range: "-1 to 1", better: .neither)

    package init() {}

    package func value(_ first: Tensor<Float>, _ second: Tensor<Float>) throws(EvaluationError) -> Double {
        guard first.shape == second.shape else {
            throw .incomparable(
                measure: Self.description.name, reason: "one has shape \(first.shape), the other \(second.shape)")
        }
        return RankCorrelation.spearman(first.elements.map(Double.init), second.elements.map(Double.init))
    }
}
