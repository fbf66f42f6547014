import Foundation
import Tensors

/// Shapley values of segments by weighted least squares (Lundberg and Lee 2017).
package struct KernelSHAP: ProcedureMethod {
    private static let samples = MethodParameter<Int>.integer(
        "samples", 2048, in: 2...10_000_000, "how many coalitions, where not all are tried")
    private static let seed = MethodParameter<Int>.integer("seed", 0, in: 0...Int.max, "of the coalitions")

    package static let description = MethodDescription(
        name: "kernelshap", family: .perturbation,
        summary: "Shapley values of segments: each one's mean contribution over all orders in which segments appear.",
        formula:
            "min over φ of Σ_z π(z) (S(x_z) - S(x̄) - z · φ)² with Σ φ = S(x) - S(x̄);   π(z) = (M - 1) / (C(M, |z|) |z| (M - |z|));   M(p) = φ of p's segment",
        paper: "Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, NeurIPS 2017 (arXiv 1705.07874)",
        result: "[B, 1, H, W] of the input", place: .input,
        cost: "1 forward pass a coalition, and 2; all 2^M - 2 coalitions for up to 12 segments",
        fits: "every model with a picture as input; no gradients are needed",
        remarks:
            "The only values with efficiency, symmetry and additivity; exact for up to 12 segments, or as many as the samples allow. Otherwise coalitions are drawn by their size's weight, each together with its complement, which removes the estimate's odd errors; the sum is exact in any case. Hidden segments make pictures that the model never saw.",
        parameters: [
            SegmentSource.parameter.description, HiddenPixels.parameter.description, samples.description,
            seed.description,
        ], display: .signed)

    /// Up to here all coalitions are tried, whatever the samples.
    private static let exhaustive = 12

    private let source: SegmentSource
    private let hidden: HiddenPixels
    private let samples: Int
    private let seed: Int

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        source = try parameters.value(SegmentSource.parameter)
        hidden = try parameters.value(HiddenPixels.parameter)
        samples = try parameters.value(Self.samples)
        seed = try parameters.value(Self.seed)
    }

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let game = try Coalitions(experiment, source: source, hidden: hidden)
        try game.check(samples: samples)
        let count = game.segments.count
        let ends = try experiment.answers(
            at: [experiment.input, game.input(seeing: [Bool](repeating: false, count: count))]
        ).scores.map { Double($0) }
        let gain = ends[0] - ends[1]
        let companions = ["segments": game.segments.numbers]
        guard count > 1 else {
            return ProcedureResult(
                game.segments.map([gain]), checks: [check(of: [gain], gain)], companions: companions)
        }
        let coalitions = coalitions(of: count)
        // The last value follows from the sum, so one unknown less is free.
        var regression = LeastSquares(unknowns: count - 1)
        let answered = try experiment.stream(coalitions.count) {
            game.input(seeing: coalitions[$0].seen)
        } consume: { range, answers in
            for (index, score) in zip(range, answers.scores) {
                let last = coalitions[index].seen[count - 1]
                regression.add(
                    coalitions[index].seen.dropLast().map { ($0 ? 1 : 0) - (last ? 1 : 0) },
                    target: Double(score) - ends[1] - (last ? gain : 0), weight: coalitions[index].weight)
            }
            return true
        }
        // So few coalitions that they do not determine all values share them out evenly.
        let solution =
            regression.solution(ridge: 0, intercept: false)
            ?? regression.solution(ridge: 1e-9 * max(regression.scale, 1e-300), intercept: false)
        guard var values = solution, values.allSatisfy(\.isFinite) else {
            throw ExplanationError.unsuitable(
                method: experiment.label, reason: "the scores of its coalitions are no finite numbers")
        }
        values.append(gain - values.reduce(0, +))
        return ProcedureResult(
            game.segments.map(values), checks: [check(of: values, gain)],
            notes: answered < 2 * count && answered < coalitions.count
                ? ["\(answered) coalitions are few for \(count) segments; give more samples or fewer segments"] : [],
            companions: companions)
    }

    private func check(of values: [Double], _ gain: Double) -> SelfCheck {
        SelfCheck(
            "efficiency gap", values.reduce(0, +) - gain,
            "the sum of the segments' values minus S(x) - S(x̄) = \(Float(gain)); zero by construction")
    }

    private struct Coalition {
        let seen: [Bool]
        let weight: Double
    }

    private func coalitions(of count: Int) -> [Coalition] {
        let isSmall = count <= Self.exhaustive || (count < 24 && 1 << count <= samples + 2)
        return isSmall ? allCoalitions(of: count) : drawnCoalitions(of: count)
    }

    private func allCoalitions(of count: Int) -> [Coalition] {
        // C(M, s) s (M - s) / (M - 1), size by size.
        var binomial = 1.0
        let divisors = (0...count).map { size in
            if size > 0 { binomial *= Double(count - size + 1) / Double(size) }
            return binomial * Double(size * (count - size)) / Double(count - 1)
        }
        return (1..<(1 << count) - 1).map { bits in
            Coalition(
                seen: (0..<count).map { bits >> $0 & 1 == 1 }, weight: 1 / divisors[bits.nonzeroBitCount])
        }
    }

    /// Sizes are drawn by the weight that all coalitions of a size have together, 1 / (s (M - s)); coalitions of a size evenly.
    private func drawnCoalitions(of count: Int) -> [Coalition] {
        var generator = SeededGenerator(seed: UInt64(seed))
        let shares = (1..<count).map { 1 / (Double($0) * Double(count - $0)) }
        let total = shares.reduce(0, +)
        var coalitions: [Coalition] = []
        while coalitions.count < samples {
            var place = generator.nextUniform() * total
            var size = 1
            while size < shares.count, place >= shares[size - 1] {
                place -= shares[size - 1]
                size += 1
            }
            let members = Set((0..<count).shuffled(using: &generator).prefix(size))
            let seen = (0..<count).map(members.contains)
            coalitions.append(Coalition(seen: seen, weight: 1))
            coalitions.append(Coalition(seen: seen.map { !$0 }, weight: 1))
        }
        return coalitions
    }
}
