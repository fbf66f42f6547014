package import Explanations

/// How much of the missing probability is gained where only what the map shows is left of the picture.
///
///     gain = 100 max(0, O - Y) / (1 - Y)
///
/// Zhang, Torres, Sicre, Avrithis, Ayache: Opti-CAM, CVIU 2024.
package struct AverageGain: Metric {
    package static let description = MeasureDescription(
        name: "average-gain", family: .faithfulness,
        summary: "How much of the missing probability is gained where the picture is weighted by the map, in percent.",
        formula:
            "100 max(0, O - Y) / (1 - Y); Y = p(x), O = p(m x + (1 - m) baseline), m = the map's evidence in [0, 1]; 0 where Y = 1",
        paper: "Zhang et al., Opti-CAM: Optimizing saliency maps for interpretability, CVIU 2024",
        range: "0 to 100", better: .higher, cost: "2 forward passes",
        remarks: "The counterpart of average-drop: increase counts pictures, this measures by how much.",
        parameters: MapWeighting.parameters)

    private let weighting: MapWeighting

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        weighting = try MapWeighting(&parameters)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let (clean, weighted) = try weighting.confidences(of: subject, for: Self.description.name)
        let gain = clean < 1 ? max(0, weighted - clean) / (1 - clean) : 0
        return Measurement(100 * gain, details: [clean, weighted])
    }
}
