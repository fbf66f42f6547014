package import Explanations

/// Localisation accuracy at the threshold that is best for the whole data set (Choe et al. 2020).
package struct MaxBoxAccuracy: Metric {
    package static let description = MeasureDescription(
        name: "max-box-acc", family: .localisation,
        summary: "How often the map's box is the object's, at the threshold that is best for the whole data set.",
        formula:
            "max over t of mean over pictures [ intersection over union of the box of { map > t } >= iou ], map from its minimum to its maximum on [0, 1], t = 0, 0.01, ... 0.99",
        paper: "Choe et al., Evaluating Weakly Supervised Object Localization Methods Right, CVPR 2020",
        range: "0 to 1", better: .higher, needs: [.box],
        remarks:
            "A single picture's number is its best threshold, and the summary is not their mean: one threshold for all. The threshold is chosen on the pictures that are measured, so the number is slightly optimistic.",
        parameters: [OverlapLimit.parameter.description, ComponentChoice.parameter.description])

    private let limit: Double
    private let choice: ComponentChoice

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        limit = try parameters.value(OverlapLimit.parameter)
        choice = try parameters.value(ComponentChoice.parameter)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let hits = try ThresholdSweep.hits(
            of: subject, overlaps: [limit], choice: choice, for: Self.description.name)
        return Measurement(hits.max() ?? 0, details: hits)
    }

    package func summary(of measurements: [Measurement]) -> Double { ThresholdSweep.accuracy(of: measurements) }
}
