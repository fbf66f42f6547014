package import Explanations
import Tensors

/// How well the map agrees with the maps of the other methods of the picture, on average.
///
/// The mean over methods of this number is the mean over all pairs. Krishna et al.: The disagreement problem in explainable machine
/// learning, 2022.
package struct MethodAgreement: Metric {
    /// How agreement is measured.
    package enum Measure: String, CaseIterable, Sendable {
        /// The rank correlation of the maps.
        case spearman
        /// The overlap of their highest pixels.
        case iou
    }

    private static let measure = MethodParameter.choice(
        "measure", Measure.spearman, "the rank correlation of the maps, or the overlap of their highest pixels")
    private static let top = MethodParameter.number(
        "top", 20, in: 0.001...100, "how many percent of the pixels are the highest (iou)")

    package static let description = MeasureDescription(
        name: "method-agreement", family: .agreement,
        summary: "Mean rank correlation, or overlap of the highest pixels, with the maps of the other methods.",
        formula:
            "mean over other methods o of Spearman(m, m_o), or of |T(m) and T(m_o)| / |T(m) or T(m_o)|, T the highest pixels",
        paper:
            "Krishna et al., The Disagreement Problem in Explainable Machine Learning: A Practitioner's Perspective, 2022",
        range: "-1 to 1; 0 to 1 for iou", better: .neither, cost: "none",
        remarks:
            "Methods of one family agree because they are made alike; agreement is no evidence of truth, and disagreement says that at most one is right. Equal pixels share their rank, and their place among the highest: maps that are zero nearly everywhere do not agree by that.",
        parameters: [measure.description, top.description])

    private let measure: Measure
    private let top: Double

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        measure = try parameters.value(Self.measure)
        top = try parameters.value(Self.top)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let name = Self.description.name
        _ = try subject.planes(for: name)
        let others = subject.others.map(\.map).filter {
            $0.shape == subject.map.shape && $0.elements.allSatisfy(\.isFinite)
        }
        guard !others.isEmpty else {
            throw EvaluationError.undefined(
                measure: name, reason: "no other method is measured beside this one")
        }
        let values = others.map { measure == .spearman ? correlation(subject.map, $0) : overlap(subject.map, $0) }
        return Measurement(values.reduce(0, +) / Double(values.count), details: values)
    }

    private func correlation(_ first: Tensor<Float>, _ second: Tensor<Float>) -> Double {
        RankCorrelation.spearman(first.elements.map(Double.init), second.elements.map(Double.init))
    }

    private func overlap(_ first: Tensor<Float>, _ second: Tensor<Float>) -> Double {
        let count = top.percent(of: first.elements.count)
        let common = zip(shares(of: first, count), shares(of: second, count)).reduce(0) { $0 + $1.0 * $1.1 }
        return common / (Double(2 * count) - common)
    }

    /// How much every pixel belongs to the highest ones: pixels that are equal to the last of them share what is left.
    private func shares(of map: Tensor<Float>, _ count: Int) -> [Double] {
        let values = map.elements
        let last = values.sorted(by: >)[count - 1]
        let (above, equal) = (values.count { $0 > last }, values.count { $0 == last })
        let share = Double(count - above) / Double(equal)
        return values.map { $0 > last ? 1 : $0 == last ? share : 0 }
    }
}
