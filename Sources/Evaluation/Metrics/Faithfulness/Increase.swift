package import Explanations

/// For how many pictures the class's probability rises where only what the map shows is left.
///
///     increase = 100 mean[O > Y]
///
/// Chattopadhyay, Sarkar, Howlader, Balasubramanian: Grad-CAM++, WACV 2018.
package struct Increase: Metric {
    package static let description = MeasureDescription(
        name: "increase", family: .faithfulness,
        summary: "In how many pictures the probability rises where the picture is weighted by the map, in percent.",
        formula:
            "100 [O > Y], averaged over pictures; Y = p(x), O = p(m x + (1 - m) baseline), m = the map's evidence in [0, 1]",
        paper:
            "Chattopadhyay et al., Grad-CAM++: Generalized Gradient-Based Visual Explanations for Deep Convolutional Networks, WACV 2018",
        range: "0 to 100", better: .higher, cost: "2 forward passes",
        remarks: "A rise by the last bit counts as one by a half: average-gain says how large it is.",
        parameters: MapWeighting.parameters)

    private let weighting: MapWeighting

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        weighting = try MapWeighting(&parameters)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let (clean, weighted) = try weighting.confidences(of: subject, for: Self.description.name)
        return Measurement(weighted > clean ? 100 : 0, details: [clean, weighted])
    }
}
