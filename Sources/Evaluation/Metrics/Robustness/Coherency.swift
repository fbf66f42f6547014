package import Explanations
import Tensors

/// Whether the map stays the same where only what it shows is left of the picture.
///
///     coherency = (1 + Pearson(map of m ⊙ x, m)) / 2
///
/// Poppi, Cornia, Baraldi, Cucchiara: Revisiting the evaluation of class activation mapping for explainability, CVPR Workshops 2021.
package struct Coherency: Metric {
    package static let description = MeasureDescription(
        name: "coherency", family: .robustness,
        summary: "Correlation of the map with the map of the picture weighted by it.",
        formula: "(1 + Pearson(map of (m x + (1 - m) baseline), m)) / 2, m = the map's evidence in [0, 1]",
        paper:
            "Poppi et al., Revisiting the Evaluation of Class Activation Mapping for Explainability, CVPR Workshops 2021",
        range: "0 to 1", better: .higher, cost: "1 more map",
        remarks: "0 where one of the maps does not vary, as in the authors' code. The layer and the score stay.",
        parameters: MapWeighting.parameters)

    private let weighting: MapWeighting

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        weighting = try MapWeighting(&parameters)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        Measurement(try Self.coherency(of: subject, weighting, for: Self.description.name))
    }

    /// The number for the map of a subject.
    package static func coherency(
        of subject: EvaluationSubject, _ weighting: MapWeighting, for metric: String
    ) throws -> Double {
        _ = try subject.planes(for: metric)
        let weights = weighting.weights(of: subject.evidence)
        let weighted = try weighting.picture(weights, of: subject.experiment)
        let result = try subject.results(at: [weighted], for: metric)[0]
        let other = weighting.weights(of: subject.display.evidence(in: try subject.map(of: result, for: metric)))
        guard Set(weights.elements).count > 1, Set(other.elements).count > 1 else { return 0 }
        let correlation = RankCorrelation.pearson(weights.elements.map(Double.init), other.elements.map(Double.init))
        return (1 + correlation) / 2
    }
}
