package import Explanations

/// How fast the score rises while the pixels that the map ranks highest are put into a picture that says nothing.
///
///     insertion = ∫ p(nothing with the top share s of pixels) ds, s from 0 to 1, by the trapezoidal rule
///
/// Petsiuk, Das, Saenko: RISE, BMVC 2018.
package struct Insertion: Metric {
    private static let steps = MethodParameter.integer(
        "steps", 28, in: 1...100_000, "in how many steps all pixels come: 28 are 224 x 8 pixels each of 224 x 224")
    private static let score = AskedScore.parameter(.probability)

    package static let description = MeasureDescription(
        name: "insertion", family: .faithfulness,
        summary:
            "Area under the score while the highest pixels of the map are put into a blurred picture: large where they suffice.",
        formula:
            "integral over s = 0...1 of p(blurred x with the first s of all pixels taken from x), pixels by falling map; trapezoidal rule",
        paper: "Petsiuk et al., RISE: Randomized Input Sampling for Explanation of Black-box Models, BMVC 2018",
        range: "0 to 1 for probabilities", better: .higher, cost: "steps + 1 forward passes",
        remarks:
            "The blur is that of RISE's code, with zeros around the picture, so the border darkens towards 0. Maps that leave much of the blurred object are favoured where the model still knows a blurred one.",
        parameters: [steps.description, InsertionStart.parameter.description, score.description])

    private let steps: Int
    private let start: InsertionStart
    private let score: AskedScore

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        steps = try parameters.value(Self.steps)
        start = try parameters.value(InsertionStart.parameter)
        score = try parameters.value(Self.score)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let planes = try subject.planes(for: Self.description.name)
        let asked = score.experiment(of: subject)
        let replacement = PixelReplacement(from: try start.picture(for: asked), to: asked.input, planes: planes)
        let ranking = Ranking(falling: subject.map)
        let curve = try replacement.curve(
            of: asked, along: ranking, at: StepCurve.counts(of: ranking.order.count, steps: steps))
        return Measurement(StepCurve.area(curve), details: curve)
    }
}
