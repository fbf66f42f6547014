import Explanations
package import Tensors

/// Pearson's correlation of the signed values of two maps.
package struct Pearson: MapSimilarity, ParameterFree {
    package static let description = MeasureDescription(
        name: "pearson", family: .similarity, summary: "Linear correlation of the signed values.",
        formula: "sum_i (a_i - mean a)(b_i - mean b) / sqrt(sum_i (a_i - mean a)^2 sum_i (b_i - mean b)^2)",
        paper: "Pearson, Note on Regression and Inheritance in the Case of Two Parents, 1895", range: "-1 to 1",
        better: .neither,
        remarks: "A few strong pixels decide it; ranks do not mind them. " + SpearmanDiverging.constantMaps)

    package init() {}

    package func value(_ first: Tensor<Float>, _ second: Tensor<Float>) throws(EvaluationError) -> Double {
        let pair = try MapPair(first, second, for: Self.description.name)
        return RankCorrelation.pearson(pair.first.elements.map(Double.init), pair.second.elements.map(Double.init))
    }
}
