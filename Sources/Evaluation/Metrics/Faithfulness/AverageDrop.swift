package import Explanations

/// How much of the class's probability is lost where only what the map shows is left of the picture.
///
///     drop = 100 max(0, Y - O) / Y
///
/// with Y the probability of the picture and O that of the picture weighted by the map in [0, 1].
/// Chattopadhyay, Sarkar, Howlader, Balasubramanian: Grad-CAM++, WACV 2018.
package struct AverageDrop: Metric {
    package static let description = MeasureDescription(
        name: "average-drop", family: .faithfulness,
        summary: "How much of the probability is lost where the picture is weighted by the map, in percent.",
        formula: "100 max(0, Y - O) / Y; Y = p(x), O = p(m x + (1 - m) baseline), m = the map's evidence in [0, 1]",
        paper:
            "Chattopadhyay et al., Grad-CAM++: Generalized Gradient-Based Visual Explanations for Deep Convolutional Networks, WACV 2018",
        range: "0 to 100", better: .lower, cost: "2 forward passes",
        remarks:
            "Evidence is what speaks for the score: negative values are 0. A map that does not vary shows nothing. A map of ones would have no drop: large maps are favoured, so read it beside complexity, or use adcc. torchcam adds 1e-7 to Y.",
        parameters: MapWeighting.parameters)

    private let weighting: MapWeighting

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        weighting = try MapWeighting(&parameters)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let (clean, weighted) = try weighting.confidences(of: subject, for: Self.description.name)
        return Measurement(100 * max(0, clean - weighted) / clean, details: [clean, weighted])
    }
}
