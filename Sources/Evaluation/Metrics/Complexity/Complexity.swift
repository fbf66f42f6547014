import Explanations
import Foundation
import Tensors

/// Over how many pixels the map is spread, by the entropy of its magnitudes.
///
///     H = -Σ_i q_i ln q_i,   q_i = |m_i| / Σ_j |m_j|
///
/// 0 for a single pixel, ln n for a constant map of n pixels. Bhatt, Weller, Moura: Evaluating and aggregating feature-based model
/// explanations, IJCAI 2020.
package struct Complexity: Metric, ParameterFree {
    package static let description = MeasureDescription(
        name: "complexity", family: .complexity,
        summary: "Over how many pixels the map is spread: the entropy of its magnitudes.",
        formula: "-sum_i q_i ln q_i, q_i = |m_i| / sum_j |m_j|",
        paper: "Bhatt et al., Evaluating and Aggregating Feature-based Model Explanations, IJCAI 2020",
        range: "0 to ln(pixels)", better: .lower,
        remarks:
            "Nats; its exponential is a number of pixels. Measured at the input's resolution, where a map of a coarse layer is spread by interpolation. adcc's complexity is another number, the mean of the map in [0, 1]. Quantus adds 1e-12 to q in the logarithm."
    )

    package init() {}

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let magnitudes = subject.map.elements.map { Double(abs($0)) }
        let sum = magnitudes.reduce(0, +)
        guard sum > 0, sum.isFinite else {
            throw EvaluationError.undefined(
                measure: Self.description.name, reason: "the map is zero everywhere or not finite")
        }
        return Measurement(
            magnitudes.reduce(0.0) { total, magnitude in
                let share = magnitude / sum
                return share > 0 ? total - share * log(share) : total
            })
    }
}
