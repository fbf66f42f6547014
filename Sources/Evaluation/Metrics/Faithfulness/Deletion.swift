package import Explanations

/// How fast the score falls while the pixels that the map ranks highest are taken away.
///
///     deletion = ∫ p(x without the top share s of pixels) ds, s from 0 to 1, by the trapezoidal rule
///
/// Petsiuk, Das, Saenko: RISE, BMVC 2018.
package struct Deletion: Metric {
    private static let steps = MethodParameter.integer(
        "steps", 28, in: 1...100_000, "in how many steps all pixels go: 28 are 224 x 8 pixels each of 224 x 224")
    private static let baseline = MethodParameter<Baseline>.baseline("0", "what stands in place of deleted pixels")
    private static let score = AskedScore.parameter(.probability)

    package static let description = MeasureDescription(
        name: "deletion", family: .faithfulness,
        summary:
            "Area under the score while the highest pixels of the map are deleted: small where the map finds what the model needs.",
        formula:
            "integral over s = 0...1 of p(x with the first s of all pixels replaced), pixels by falling map; trapezoidal rule",
        paper: "Petsiuk et al., RISE: Randomized Input Sampling for Explanation of Black-box Models, BMVC 2018",
        range: "0 to 1 for probabilities", better: .lower, cost: "steps + 1 forward passes",
        remarks:
            "Deleted pixels are 0 in the model's own numbers, as in RISE's code. Equal values of the map are taken in reading order, and where they are more than a step the curve is a straight line over them, so that a constant map gets the mean of both ends whatever the picture shows where; RISE's code takes them in reverse. Scattered maps are favoured: holes with sharp edges are unlike any picture the model was trained on.",
        parameters: [steps.description, baseline.description, score.description])

    private let steps: Int
    private let baseline: Baseline
    private let score: AskedScore

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        steps = try parameters.value(Self.steps)
        baseline = try parameters.value(Self.baseline)
        score = try parameters.value(Self.score)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let planes = try subject.planes(for: Self.description.name)
        let asked = score.experiment(of: subject)
        let replacement = PixelReplacement(from: asked.input, to: try baseline.input(for: asked), planes: planes)
        let ranking = Ranking(falling: subject.map)
        let curve = try replacement.curve(
            of: asked, along: ranking, at: StepCurve.counts(of: ranking.order.count, steps: steps))
        return Measurement(StepCurve.area(curve), details: curve)
    }
}
