package import Explanations

/// ILSVRC's top-1 localisation error.
package struct TopOneLocalisationError: Metric {
    package static let description = MeasureDescription(
        name: "top-1-localisation-error", family: .localisation,
        summary: "How often the true class is not the model's first, or the map's box not the object's.",
        formula: "1 - [ rank of the true class < 1 and best intersection over union >= iou ], ranks from 0",
        paper: "Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge, IJCV 2015",
        range: "0 or 1", better: .lower, needs: [.label, .box], remarks: RankedLocalisation.remarks,
        parameters: RankedLocalisation.parameters)

    private let rule: RankedLocalisation

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        rule = try RankedLocalisation(&parameters)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        try rule.error(among: 1, of: subject, for: Self.description.name)
    }
}
