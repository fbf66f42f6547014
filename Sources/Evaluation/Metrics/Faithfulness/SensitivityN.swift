package import Explanations
import Tensors

/// Whether sums of relevance predict how much the score falls without random sets of pixels.
///
///     sensitivity-n = mean over n of Pearson(Σ_{i in S} m_i, f(x) - f(x without S)), |S| = n
///
/// Ancona, Ceolini, Öztireli, Gross: Towards better understanding of gradient-based attribution methods, ICLR 2018.
package struct SensitivityN: Metric {
    private static let percentages = MethodParameter<[Double]>.percentages(
        "1+2+5+10+20+40+80", "how many of all pixels are removed together")
    private static let samples = MethodParameter.integer(
        "samples", 100, in: 2...100_000, "how many random sets of each size")
    private static let baseline = MethodParameter<Baseline>.baseline("0", "what stands in place of removed pixels")
    private static let score = AskedScore.parameter(.target)

    package static let description = MeasureDescription(
        name: "sensitivity-n", family: .faithfulness,
        summary: "Correlation of the map's sum over random sets of pixels with the fall of the score without them.",
        formula: "mean over n of Pearson over random sets S of n pixels (sum of m over S, f(x) - f(x without S))",
        paper:
            "Ancona et al., Towards Better Understanding of Gradient-Based Attribution Methods for Deep Neural Networks, ICLR 2018",
        range: "-1 to 1", better: .higher, cost: "sizes x samples + 1 forward passes",
        remarks:
            "Asks for contributions (times input), not for sensitivities. A pixel with all its channels is one feature; the paper takes channels on their own, and n from one feature to 80 % in logarithmic steps. Single pixels of a large picture move the score less than rounding, so sizes are percentages here. Quantus correlates growing sets in the order of the map instead of random ones.",
        parameters: [percentages.description, samples.description, baseline.description, score.description])

    private let percentages: [Double]
    private let samples: Int
    private let baseline: Baseline
    private let score: AskedScore

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        percentages = try parameters.value(Self.percentages)
        samples = try parameters.value(Self.samples)
        baseline = try parameters.value(Self.baseline)
        score = try parameters.value(Self.score)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let planes = try subject.planes(for: Self.description.name)
        let asked = score.experiment(of: subject)
        let replacement = PixelReplacement(from: asked.input, to: try baseline.input(for: asked), planes: planes)
        let values = subject.map.elements
        var places = Array(values.indices)
        var generator = SeededGenerator(seed: subject.seed)
        var sums: [Double] = []
        let scores = try asked.scores(percentages.count * samples + 1) { index in
            guard index > 0 else { return asked.input }
            let count = percentages[(index - 1) / samples].percent(of: places.count)
            for position in 0..<count {
                places.swapAt(position, Int.random(in: position..<places.count, using: &generator))
            }
            sums.append(places[..<count].reduce(0) { $0 + Double(values[$1]) })
            return replacement.replacing(places[..<count])
        }
        let correlations = percentages.indices.map { size in
            let range = size * samples..<(size + 1) * samples
            return RankCorrelation.pearson(Array(sums[range]), range.map { scores[0] - scores[$0 + 1] })
        }
        return Measurement(correlations.reduce(0, +) / Double(correlations.count), details: correlations)
    }
}
