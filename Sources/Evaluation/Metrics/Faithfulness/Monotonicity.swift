package import Explanations
import Tensors

/// Whether more relevant pixels do more for the score.
///
/// `arya`: 1 where the score never falls while pixels are added to nothing in the order of rising relevance (Arya et al., One
/// explanation does not fit all, 2019); `share`: the share of steps that do not lower it. `nguyen`: the rank correlation of
/// relevance and the mean squared change of the score when the pixels become noise (Nguyen and Martínez, On quantitative aspects
/// of model interpretability, 2020).
package struct Monotonicity: Metric {
    /// Whose definition is taken.
    package enum Variant: String, CaseIterable, Sendable {
        case arya
        case share
        case nguyen
    }

    private static let variant = MethodParameter.choice("variant", Variant.arya, "whose definition is taken")
    private static let steps = MethodParameter.integer(
        "steps", 28, in: 1...100_000, "into how many groups of equal size the ranked pixels are divided")
    private static let samples = MethodParameter.integer(
        "samples", 10, in: 1...100_000, "how often each group becomes noise (nguyen)")
    private static let baseline = MethodParameter<Baseline>.baseline("0", "the picture that pixels are added to")
    private static let score = AskedScore.parameter(.probability)

    package static let description = MeasureDescription(
        name: "monotonicity", family: .faithfulness,
        summary: "Whether the score never falls while pixels are added in the order of rising relevance.",
        formula:
            "arya: [f(x_k) >= f(x_(k-1)) for all k]; share: the mean of that over k; nguyen: Spearman(sum of |m| over a group, E[(f(x with the group as noise) - f(x))^2] / f(x)^2)",
        paper:
            "Arya et al., One Explanation Does Not Fit All, 2019; Nguyen and Martinez, On Quantitative Aspects of Model Interpretability, 2020",
        range: "0 to 1; -1 to 1 for nguyen", better: .higher,
        cost: "steps + 1 forward passes; steps x samples + 1 for nguyen",
        remarks:
            "Relevance is the map's magnitude. All steps of a real network hardly ever go up, so share says more than arya. nguyen draws noise with every channel's mean and deviation. Quantus' Monotonicity puts the baseline where the baseline is already, so its pictures never change and it is always true.",
        parameters: [
            variant.description, steps.description, samples.description, baseline.description, score.description,
        ])

    private let variant: Variant
    private let steps: Int
    private let samples: Int
    private let baseline: Baseline
    private let score: AskedScore

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        variant = try parameters.value(Self.variant)
        steps = try parameters.value(Self.steps)
        samples = try parameters.value(Self.samples)
        baseline = try parameters.value(Self.baseline)
        score = try parameters.value(Self.score)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let planes = try subject.planes(for: Self.description.name)
        let asked = score.experiment(of: subject)
        let magnitudes = subject.map.map { abs($0) }
        let ranking = Ranking(rising: magnitudes)
        guard !ranking.isConstant else {
            throw EvaluationError.undefined(
                measure: Self.description.name,
                reason: "the map's magnitude is the same everywhere, so nothing is ranked")
        }
        let counts = StepCurve.counts(of: ranking.order.count, steps: steps)
        if variant == .nguyen {
            let groups = zip(counts, counts.dropFirst()).map { ranking.order[$0..<$1] }
            return try correlation(groups, magnitudes, asked, planes, seed: subject.seed)
        }
        let curve = try PixelReplacement(from: baseline.input(for: asked), to: asked.input, planes: planes).curve(
            of: asked, along: ranking.strict, at: counts)
        let rises = zip(curve, curve.dropFirst()).count { $1 >= $0 }
        let share = Double(rises) / Double(counts.count - 1)
        return Measurement(variant == .share ? share : (share == 1 ? 1 : 0), details: curve)
    }

    private func correlation(
        _ groups: [ArraySlice<Int>], _ magnitudes: Tensor<Float>, _ asked: Experiment, _ planes: PicturePlanes,
        seed: UInt64
    ) throws -> Measurement {
        let values = magnitudes.elements
        let statistics = planes.statistics(of: asked.input)
        var generator = SeededGenerator(seed: seed)
        let scores = try asked.scores(groups.count * samples + 1) { index in
            guard index > 0 else { return asked.input }
            var noisy = asked.input
            noisy.mutateElements { elements in
                for place in groups[(index - 1) / samples] {
                    for channel in 0..<planes.channels {
                        let offset = planes.offset(
                            channel: channel, row: place / planes.width, column: place % planes.width)
                        elements[offset] = statistics[channel].draw(&generator)
                    }
                }
            }
            return noisy
        }
        let changes = groups.indices.map { group in
            (0..<samples).reduce(0.0) { sum, sample in
                let change = scores[group * samples + sample + 1] - scores[0]
                return sum + change * change
            } / Double(samples)
        }
        let relevance = groups.map { $0.reduce(0.0) { $0 + Double(values[$1]) } }
        // Division by f(x)² is the same for all groups, so it does not change ranks.
        return Measurement(RankCorrelation.spearman(relevance, changes), details: changes)
    }
}
