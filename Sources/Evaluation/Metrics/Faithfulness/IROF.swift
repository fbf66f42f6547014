package import Explanations

/// How fast the score falls while superpixels are removed, those of the largest mean relevance first.
///
///     IROF = 1 - ∫ f(x without the first share s of superpixels) / f(x) ds, s from 0 to 1, by the trapezoidal rule
///
/// Rieger, Hansen: IROF, a low resource evaluation metric for explanation methods, 2020.
package struct IROF: Metric {
    private static let segments = SegmentSource.parameter(superpixels: 300)
    private static let baseline = MethodParameter<Baseline>.baseline("mean", "what stands in place of removed segments")
    private static let score = AskedScore.parameter(.probability)

    package static let description = MeasureDescription(
        name: "irof", family: .faithfulness,
        summary:
            "Area over the score's curve while superpixels are removed, those of the largest mean relevance first.",
        formula:
            "1 - integral over s = 0...1 of f(x without the first s of the segments) / f(x), segments by falling mean of the map; trapezoidal rule",
        paper: "Rieger and Hansen, IROF: a Low Resource Evaluation Metric for Explanation Methods, 2020",
        range: "up to 1", better: .higher, cost: "segments + 1 forward passes",
        remarks:
            "Removing superpixels leaves no holes of single pixels, so scattered maps are not favoured. Quantus leaves out the whole picture's 1, does not divide by the number of segments L and takes L minus an area over L - 1 steps.",
        parameters: [segments.description, baseline.description, score.description])

    private let segments: SegmentSource
    private let baseline: Baseline
    private let score: AskedScore

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        segments = try parameters.value(Self.segments)
        baseline = try parameters.value(Self.baseline)
        score = try parameters.value(Self.score)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let planes = try subject.planes(for: Self.description.name)
        let asked = score.experiment(of: subject)
        let regions = RankedRegions(try segments.segments(of: asked))
        let curve = try PixelReplacement(from: asked.input, to: baseline.input(for: asked), planes: planes).curve(
            of: asked, along: Ranking(falling: regions.means(of: subject.map)),
            at: Array(0...regions.members.count), regions: regions.members)
        guard curve[0] > 0 else {
            throw EvaluationError.undefined(
                measure: Self.description.name, reason: "the picture's score is \(curve[0]), not positive")
        }
        return Measurement(1 - StepCurve.area(curve) / curve[0], details: curve)
    }
}
