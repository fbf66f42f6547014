package import Explanations
package import Tensors

/// The correlation of two maps' histograms of oriented gradients.
package struct HOGSimilarity: MapSimilarity {
    /// Which correlation.
    package enum Correlation: String, Sendable, CaseIterable {
        case pearson
        case spearman
    }

    static let cell = MethodParameter<Int>.integer("cell", 16, in: 2...1024, "the side of a cell in pixels")
    static let correlation = MethodParameter<Correlation>.choice(
        "correlation", .pearson,
        "of the features: the sanity checks' paper says Pearson, their released code takes Spearman")

    package static let description = MeasureDescription(
        name: "hog", family: .similarity, summary: "Correlation of histograms of oriented gradients.",
        formula: "r(HOG(a), HOG(b)): 9 orientations, blocks of 3x3 cells, L2-Hys",
        paper: "Dalal and Triggs, CVPR 2005; Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018",
        range: "-1 to 1", better: .neither,
        remarks: """
            The histograms equal scikit-image's hog; of several channels each pixel takes the one with the largest gradient. Each \
            map is scaled to 0…1 first, as the sanity checks do. \(SpearmanDiverging.constantMaps)
            """,
        parameters: [cell.description, correlation.description, MapScaling.parameter.description])

    private let gradients: OrientedGradients
    private let correlation: Correlation
    private let normalise: Bool

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        gradients = OrientedGradients(cell: try parameters.value(Self.cell))
        correlation = try parameters.value(Self.correlation)
        normalise = try parameters.value(MapScaling.parameter)
    }

    package func value(_ first: Tensor<Float>, _ second: Tensor<Float>) throws(EvaluationError) -> Double {
        let pair = try MapPair(first, second, for: Self.description.name)
        let planes = try pair.planes(normalised: normalise)
        guard let left = gradients.features(of: planes.first), let right = gradients.features(of: planes.second) else {
            throw pair.incomparable(
                "\(planes.first.height) by \(planes.first.width) places hold no block of 3 by 3 cells of \(gradients.cell) pixels; choose a smaller cell"
            )
        }
        switch correlation {
        case .pearson: return RankCorrelation.pearson(left, right)
        case .spearman: return RankCorrelation.spearman(left, right)
        }
    }
}
