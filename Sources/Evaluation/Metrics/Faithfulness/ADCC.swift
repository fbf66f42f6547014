package import Explanations
import Tensors

/// Average drop, coherency and complexity in one number: their harmonic mean.
///
///     ADCC = 3 / (1 / coherency + 1 / (1 - complexity) + 1 / (1 - drop))
///
/// with complexity the mean of the map in [0, 1], and the drop as a share. 0 where one of the three is 0.
/// Poppi, Cornia, Baraldi, Cucchiara: Revisiting the evaluation of class activation mapping for explainability, CVPR Workshops 2021.
package struct ADCC: Metric {
    package static let description = MeasureDescription(
        name: "adcc", family: .faithfulness,
        summary:
            "Harmonic mean of what is kept of the probability, coherency, and how little of the picture the map covers, in percent.",
        formula:
            "100 x 3 / (1/coherency + 1/(1 - mean of m) + 1/(1 - max(0, Y - O)/Y)); Y = p(x), O = p(m x + (1 - m) baseline), m = the map's evidence in [0, 1]",
        paper:
            "Poppi et al., Revisiting the Evaluation of Class Activation Mapping for Explainability, CVPR Workshops 2021",
        range: "0 to 100", better: .higher, cost: "2 forward passes and 1 more map",
        remarks:
            "Neither an empty map nor one over the whole picture can win. A mean over pictures of each picture's number; the paper's tables may be formed from the three means. The repository's adcc.py multiplies by the sum of the inverses instead of dividing by it.",
        parameters: MapWeighting.parameters)

    private let weighting: MapWeighting

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        weighting = try MapWeighting(&parameters)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let name = Self.description.name
        let (clean, weighted) = try weighting.confidences(of: subject, for: name)
        let kept = 1 - max(0, clean - weighted) / clean
        let weights = weighting.weights(of: subject.evidence).elements
        let sparse = 1 - weights.reduce(0.0) { $0 + Double($1) } / Double(max(weights.count, 1))
        let coherency = try Coherency.coherency(of: subject, weighting, for: name)
        let parts = [coherency, sparse, kept]
        let mean = parts.contains { $0 <= 0 } ? 0 : 3 / parts.reduce(0) { $0 + 1 / $1 }
        return Measurement(100 * mean, details: parts)
    }
}
