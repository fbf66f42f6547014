package import Explanations

/// How fast the score falls while patches are removed, those of the largest relevance first, until none is left.
///
///     selectivity = ∫ f(x without the first share s of patches) ds, s from 0 to 1, by the trapezoidal rule
///
/// Montavon, Samek, Müller: Methods for interpreting and understanding deep neural networks, 2018.
package struct Selectivity: Metric {
    private static let patch = MethodParameter.integer(
        "patch", 16, in: 1...65536, "the side of the square patches in pixels")
    private static let baseline = MethodParameter<Baseline>.baseline("0", "what stands in place of removed patches")
    private static let score = AskedScore.parameter(.target)

    package static let description = MeasureDescription(
        name: "selectivity", family: .faithfulness,
        summary: "Area under the score while patches are removed, those of the largest relevance first.",
        formula:
            "integral over s = 0...1 of f(x without the first s of the patches), patches by falling mean of the map; trapezoidal rule",
        paper:
            "Montavon et al., Methods for Interpreting and Understanding Deep Neural Networks, Digital Signal Processing 2018",
        range: "that of the score", better: .lower, cost: "patches + 1 forward passes",
        remarks:
            "Compares methods on one picture: the area is in units of the score, so an average over pictures weights those with large scores. Quantus leaves out the whole picture's score and does not divide by the number of patches.",
        parameters: [patch.description, baseline.description, score.description])

    private let patch: Int
    private let baseline: Baseline
    private let score: AskedScore

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        patch = try parameters.value(Self.patch)
        baseline = try parameters.value(Self.baseline)
        score = try parameters.value(Self.score)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let planes = try subject.planes(for: Self.description.name)
        let asked = score.experiment(of: subject)
        let regions = RankedRegions(.windows(height: planes.height, width: planes.width, side: patch))
        let curve = try PixelReplacement(from: asked.input, to: baseline.input(for: asked), planes: planes).curve(
            of: asked, along: Ranking(falling: regions.means(of: subject.map)),
            at: Array(0...regions.members.count), regions: regions.members)
        return Measurement(StepCurve.area(curve), details: curve)
    }
}
