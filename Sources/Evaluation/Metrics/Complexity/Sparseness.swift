import Explanations
import Tensors

/// How few pixels hold the map, by the Gini index of its magnitudes.
///
///     G = Σ_i (2 i - n - 1) |m|_(i) / (n Σ_i |m|_(i))
///
/// over the n pixels in rising order (i from 1): 0 for a constant map, (n - 1) / n for a single pixel. Chalasani et al., Concise
/// explanations of neural networks using adversarial training, 2020.
package struct Sparseness: Metric, ParameterFree {
    package static let description = MeasureDescription(
        name: "sparseness", family: .complexity,
        summary: "How few pixels hold the map: the Gini index of its magnitudes.",
        formula: "G = sum_i (2 i - n - 1) |m|_(i) / (n sum_i |m|_(i)), pixels in rising order, i = 1...n",
        paper: "Chalasani et al., Concise Explanations of Neural Networks using Adversarial Training, ICML 2020",
        range: "0 to 1", better: .higher,
        remarks: "A map of one pixel is the sparsest and explains nothing: read it beside a faithfulness metric.")

    package init() {}

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let values = subject.map.elements.map { Double(abs($0)) }.sorted()
        let sum = values.reduce(0, +)
        guard sum > 0, sum.isFinite else {
            throw EvaluationError.undefined(
                measure: Self.description.name, reason: "the map is zero everywhere or not finite")
        }
        let count = Double(values.count)
        var weighted = 0.0
        for (index, value) in values.enumerated() { weighted += (2 * Double(index + 1) - count - 1) * value }
        return Measurement(weighted / (count * sum))
    }
}
