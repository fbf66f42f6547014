import Explanations

/// MaxBoxAcc averaged over three overlaps, with every region's box (Choe et al. 2020).
package struct MaxBoxAccuracyV2: Metric, ParameterFree {
    package static let description = MeasureDescription(
        name: "max-box-acc-v2", family: .localisation,
        summary:
            "Localisation accuracy at the best threshold, averaged over three overlaps; the best of all boxes counts.",
        formula: "mean over iou = 0.3, 0.5, 0.7 of max-box-acc with the boxes of all connected regions",
        paper: "Choe et al., Evaluating Weakly Supervised Object Localization Methods Right, CVPR 2020",
        range: "0 to 1", better: .higher, needs: [.box],
        remarks:
            "Kinder to scattered maps than max-box-acc, whose box is the largest region's. A single picture's number takes its own best thresholds."
    )

    private static let overlaps = [0.3, 0.5, 0.7]

    package init() {}

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let hits = try ThresholdSweep.hits(
            of: subject, overlaps: Self.overlaps, choice: .all, for: Self.description.name)
        return Measurement(ThresholdSweep.accuracy(of: [Measurement(0, details: hits)]), details: hits)
    }

    package func summary(of measurements: [Measurement]) -> Double { ThresholdSweep.accuracy(of: measurements) }
}
