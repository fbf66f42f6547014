import Explanations
package import Tensors

/// Spearman's rank correlation of the magnitudes of two maps; equal values share the mean of their ranks.
package struct SpearmanAbsolute: MapSimilarity, ParameterFree {
    package static let description = MeasureDescription(
        name: "spearman-abs", family: .similarity, summary: "Rank correlation of the magnitudes.",
        formula: "Pearson's correlation of the ranks of |a| and |b|, ties with the mean of their ranks",
        paper: "Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018", range: "-1 to 1", better: .neither,
        remarks: "Zeros tie, so sparse maps resemble each other; read it beside spearman-diverging. "
            + SpearmanDiverging.constantMaps)

    package init() {}

    package func value(_ first: Tensor<Float>, _ second: Tensor<Float>) throws(EvaluationError) -> Double {
        let pair = try MapPair(first, second, for: Self.description.name)
        return RankCorrelation.spearman(maps: pair.first.elements.map(abs), pair.second.elements.map(abs))
    }
}
