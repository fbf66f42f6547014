import Foundation
import Tensors

/// A linear model of the score as a function of which segments are seen (Ribeiro, Singh, Guestrin 2016).
package struct LIME: ProcedureMethod {
    private static let samples = MethodParameter<Int>.integer("samples", 1000, in: 2...10_000_000, "how many pictures")
    private static let width = MethodParameter<Double>.number(
        "width", 0.25, in: 0.01...1000, "the kernel's width: how near to the whole picture counts")
    private static let ridge = MethodParameter<Double>.number(
        "ridge", 1, in: 0...1e6, "the penalty of the coefficients' squares")
    private static let seed = MethodParameter<Int>.integer("seed", 0, in: 0...Int.max, "of the segments that are seen")

    package static let description = MethodDescription(
        name: "lime", family: .perturbation,
        summary: "The coefficients of a linear model that predicts the score from which segments are seen.",
        formula:
            "min over β, b of Σ_i w_i (S(x_i) - b - z_i · β)² + ridge |β|²;   w = √exp(-d² / width²), d = 1 - cos(z, 1);   M(p) = β of p's segment",
        paper: "Ribeiro, Singh, Guestrin: \"Why Should I Trust You?\", KDD 2016 (arXiv 1602.04938)",
        result: "[B, 1, H, W] of the input", place: .input, cost: "1 forward pass a sample",
        fits: "every model with a picture as input; no gradients are needed",
        remarks:
            "As the reference implementation for pictures has it: the first sample sees everything, in the others every segment is seen with probability 1/2; the ridge shrinks coefficients of scores that are probabilities. That implementation's segments are quickshift's and hidden ones get their mean colour, so its maps differ. Another seed gives another map: look at several.",
        parameters: [
            SegmentSource.parameter.description, HiddenPixels.parameter.description, samples.description,
            width.description, ridge.description, seed.description,
        ], display: .signed)

    private let source: SegmentSource
    private let hidden: HiddenPixels
    private let samples: Int
    private let width: Double
    private let ridge: Double
    private let seed: Int

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        source = try parameters.value(SegmentSource.parameter)
        hidden = try parameters.value(HiddenPixels.parameter)
        samples = try parameters.value(Self.samples)
        width = try parameters.value(Self.width)
        ridge = try parameters.value(Self.ridge)
        seed = try parameters.value(Self.seed)
    }

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let game = try Coalitions(experiment, source: source, hidden: hidden)
        try game.check(samples: samples)
        let count = game.segments.count
        var generator = SeededGenerator(seed: UInt64(seed))
        let coalitions = (0..<samples).map { sample in
            (0..<count).map { _ in
                let isSeen = generator.next() >> 63 == 1
                return sample == 0 || isSeen
            }
        }
        var regression = LeastSquares(unknowns: count)
        try experiment.stream(samples) {
            game.input(seeing: coalitions[$0])
        } consume: { range, answers in
            for (index, score) in zip(range, answers.scores) {
                regression.add(
                    coalitions[index].map { $0 ? 1 : 0 }, target: Double(score), weight: weight(of: coalitions[index]))
            }
            return true
        }
        guard let coefficients = regression.solution(ridge: max(ridge, 1e-12), intercept: true) else {
            throw ExplanationError.unsuitable(
                method: experiment.label, reason: "the scores of its samples are no finite numbers")
        }
        return ProcedureResult(
            game.segments.map(coefficients), companions: ["segments": game.segments.numbers])
    }

    /// The cosine of 0s and 1s with only 1s is √(seen / all).
    private func weight(of coalition: [Bool]) -> Double {
        let seen = Double(coalition.count(where: { $0 })) / Double(max(coalition.count, 1))
        let distance = 1 - seen.squareRoot()
        return exp(-distance * distance / (width * width)).squareRoot()
    }
}
