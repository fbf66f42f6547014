package import Explanations

/// How much the score falls on average while regions are replaced in the order of the map.
///
///     AOPC = 1/(L + 1) Σ_k=0^L (f(x) - f(x_k))
///
/// with x_k the picture after k regions. Bach et al. 2015 flip pixels (`region=1`), Samek et al. 2017 regions of 9 x 9.
package struct PixelFlipping: Metric {
    /// Which regions go first.
    package enum Order: String, CaseIterable, Sendable {
        /// The most relevant.
        case morf
        /// The least relevant.
        case lerf
    }

    private static let region = MethodParameter.integer(
        "region", 9, in: 1...65536, "the side of the square regions in pixels; 1 flips pixels")
    private static let steps = MethodParameter.integer("steps", 100, in: 1...100_000, "how many steps L are made")
    private static let portion = MethodParameter.integer(
        "portion", 1, in: 1...100_000, "how many regions a step replaces")
    private static let order = MethodParameter.choice(
        "order", Order.morf, "the most relevant regions first, or the least relevant")
    private static let baseline = MethodParameter<Baseline>.baseline("0", "what stands in place of flipped pixels")
    private static let score = AskedScore.parameter(.probability)

    package static let description = MeasureDescription(
        name: "pixel-flipping", family: .faithfulness,
        summary: "How much the score falls on average while regions are replaced in the order of the map (AOPC).",
        formula: "1/(L + 1) sum_k=0...L (f(x) - f(x after k steps)), regions by falling mean of the map",
        paper:
            "Bach et al., On Pixel-Wise Explanations by Layer-Wise Relevance Propagation, PLOS ONE 2015; Samek et al., Evaluating the Visualization of What a Deep Neural Network Has Learned, TNNLS 2017",
        range: "-1 to 1 for probabilities", better: .higher, cost: "steps + 1 forward passes",
        remarks:
            "Samek et al. replace by uniform noise and average several runs: baseline=noise:SEED comes near. With order=lerf small is good. Quantus' PixelFlipping returns the curve itself, and flips each channel of a pixel on its own.",
        parameters: [
            region.description, steps.description, portion.description, order.description, baseline.description,
            score.description,
        ])

    private let region: Int
    private let steps: Int
    private let portion: Int
    private let order: Order
    private let baseline: Baseline
    private let score: AskedScore

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        region = try parameters.value(Self.region)
        steps = try parameters.value(Self.steps)
        portion = try parameters.value(Self.portion)
        order = try parameters.value(Self.order)
        baseline = try parameters.value(Self.baseline)
        score = try parameters.value(Self.score)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let planes = try subject.planes(for: Self.description.name)
        let asked = score.experiment(of: subject)
        let regions = RankedRegions(.windows(height: planes.height, width: planes.width, side: region))
        let means = regions.means(of: subject.map)
        let ends = stride(from: 0, to: means.count, by: portion).prefix(steps).map { min($0 + portion, means.count) }
        let curve = try PixelReplacement(from: asked.input, to: baseline.input(for: asked), planes: planes).curve(
            of: asked, along: order == .morf ? Ranking(falling: means) : Ranking(rising: means), at: [0] + ends,
            regions: regions.members)
        return Measurement(curve[0] - curve.reduce(0, +) / Double(curve.count), details: curve)
    }
}
