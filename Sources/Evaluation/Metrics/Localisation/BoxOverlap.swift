package import Explanations

/// How well the map's box fits the object's.
package struct BoxOverlap: Metric {
    package static let description = MeasureDescription(
        name: "box-iou", family: .localisation,
        summary: "Intersection over union of the map's box and the object's.",
        formula: "max over boxes a of the map and b of the object of |a ∩ b| / |a ∪ b|",
        paper: "Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016 (the box)",
        range: "0 to 1", better: .higher, needs: [.box],
        remarks: "Compare with the rows of the trivial maps: for large objects the whole picture is a good box.",
        parameters: BoxRule.parameters)

    private let rule: BoxRule

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) { rule = try BoxRule(&parameters) }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        Measurement(try rule.overlap(of: subject, for: Self.description.name))
    }
}
