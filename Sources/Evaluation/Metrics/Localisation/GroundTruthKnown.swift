package import Explanations

/// Whether the map's box is the object's, the class being given.
package struct GroundTruthKnown: Metric {
    package static let description = MeasureDescription(
        name: "gt-known", family: .localisation,
        summary: "How often the map's box is the object's, the class being given (GT-known localisation accuracy).",
        formula: "[ max over boxes of the map and the object of their intersection over union >= iou ]",
        paper:
            "Singh, Lee, Hide-and-Seek, ICCV 2017 (the name); Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge, IJCV 2015 (the rule)",
        range: "0 or 1", better: .higher, needs: [.box],
        remarks:
            "An accuracy: the error is 1 minus it. A map that shows nothing is a miss. The fraction decides much: max-box-acc takes the best.",
        parameters: [OverlapLimit.parameter.description] + BoxRule.parameters)

    private let rule: BoxRule
    private let limit: Double

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        limit = try parameters.value(OverlapLimit.parameter)
        rule = try BoxRule(&parameters)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        Measurement(try rule.overlap(of: subject, for: Self.description.name) >= limit ? 1 : 0)
    }
}
