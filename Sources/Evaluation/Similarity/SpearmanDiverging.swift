import Explanations
package import Tensors

/// Spearman's rank correlation of the signed values of two maps; equal values share the mean of their ranks.
package struct SpearmanDiverging: MapSimilarity, ParameterFree {
    package static let description = MeasureDescription(
        name: "spearman-diverging", family: .similarity, summary: "Rank correlation of the signed values.",
        formula: "Pearson's correlation of the ranks of a and b, ties with the mean of their ranks",
        paper: "Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018", range: "-1 to 1", better: .neither,
        remarks: "It sees signs flip, which the magnitudes hide. \(constantMaps)")

    /// What a correlation says of maps that do not vary.
    static let constantMaps = """
        Where a map is constant the correlation does not exist (scipy: NaN): 0 where one is, 1 where both are, since \
        a map that is constant before and after a change did not notice it.
        """

    package init() {}

    package func value(_ first: Tensor<Float>, _ second: Tensor<Float>) throws(EvaluationError) -> Double {
        let pair = try MapPair(first, second, for: Self.description.name)
        return RankCorrelation.spearman(maps: pair.first.elements, pair.second.elements)
    }
}
