package import Explanations
import Tensors

/// How much of the model's performance comes back with how much of a blurred picture's information (PIC).
///
///     PIC = ∫ performance d information, both from the blurred picture (0) to the whole one (1)
///
/// Kapishnikov, Bolukbasi, Viégas, Terry: XRAI: Better Attributions Through Regions, ICCV 2019.
package struct PerformanceInformation: Metric {
    /// What performance is.
    package enum Performance: String, CaseIterable, Sendable {
        /// The class's probability: the softmax information curve.
        case softmax
        /// Whether the class comes first: the accuracy information curve.
        case accuracy
    }

    private static let curve = MethodParameter.choice(
        "curve", Performance.softmax, "the softmax information curve (SIC) or the accuracy information curve (AIC)")
    private static let percentages = MethodParameter<[Double]>.percentages(
        "0.5+1+2+3+4+5+7+10+13+21+34+50+75", "how many of all pixels are put into the blurred picture")
    private static let baseline = MethodParameter<Baseline>.baseline("blur", "the picture that pixels are put into")
    private static let isMonotone = MethodParameter.flag(
        "monotone", true, "whether performance counts as kept once it was reached, as in the paper")

    package static let description = MeasureDescription(
        name: "pic", family: .faithfulness,
        summary: "Area under performance over information while the highest pixels are put into a blurred picture.",
        formula:
            "integral of (p(x_q) - p(x_0)) / (p(x) - p(x_0)) over (bits(x_q) - bits(x_0)) / (bits(x) - bits(x_0)); x_0 blurred, x_q with the highest q of the pixels",
        paper: "Kapishnikov et al., XRAI: Better Attributions Through Regions, ICCV 2019",
        range: "0 to 1", better: .higher, cost: "percentages + 2 forward passes",
        remarks:
            "Bits are an estimate of our own, the entropy of JPEG-LS's prediction residuals in 8 bits a channel; the paper takes the size of a WebP file, so values differ from its tables. Where more than one pixel in a hundred are equal they come all at once. Not defined where blurring does not lower the probability or the bits. The authors' code leaves out pictures below a probability of 0.8, and fills between pixels instead of blurring.",
        parameters: [curve.description, percentages.description, baseline.description, isMonotone.description])

    private let curve: Performance
    private let percentages: [Double]
    private let baseline: Baseline
    private let isMonotone: Bool

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        curve = try parameters.value(Self.curve)
        percentages = try parameters.value(Self.percentages)
        baseline = try parameters.value(Self.baseline)
        isMonotone = try parameters.value(Self.isMonotone)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let planes = try subject.planes(for: Self.description.name)
        let asked = subject.probability ?? subject.experiment
        let entropy = PictureEntropy(planes, space: asked.settings.space, like: asked.input)
        let replacement = PixelReplacement(from: try baseline.input(for: asked), to: asked.input, planes: planes)
        let ranking = Ranking(falling: subject.map)
        let order = ranking.order
        // The blurred picture, the revealed ones, the whole one.
        let counts = ranking.settled(
            [0] + percentages.map { $0.percent(of: order.count) } + [order.count],
            longerThan: 1.0.percent(of: order.count))
        let pictures = counts.map { replacement.replacing(order[..<$0]) }
        let bits = pictures.map(entropy.bits)
        let performance =
            curve == .softmax
            ? try asked.scores(pictures.count) { pictures[$0] }
            : try correctness(of: pictures, asked)
        let (first, last) = (performance[0], performance[counts.count - 1])
        guard last > first, bits[counts.count - 1] > bits[0] else {
            throw EvaluationError.undefined(
                measure: Self.description.name,
                reason: last > first
                    ? "the blurred picture holds no less information than the whole one"
                    : "the blurred picture does not score lower than the whole one")
        }
        let share = { (value: Double, low: Double, high: Double) in min(max((value - low) / (high - low), 0), 1) }
        var best = 0.0
        let points = counts.indices.map { index -> (information: Double, performance: Double) in
            let reached = share(performance[index], first, last)
            best = max(best, reached)
            return (share(bits[index], bits[0], bits[counts.count - 1]), isMonotone ? best : reached)
        }
        let sorted = points.indices.sorted { (points[$0].information, $0) < (points[$1].information, $1) }.map {
            points[$0]
        }
        let area = zip(sorted, sorted.dropFirst()).reduce(0.0) { sum, pair in
            sum + (pair.1.information - pair.0.information) * (pair.0.performance + pair.1.performance) / 2
        }
        return Measurement(area, details: points.flatMap { [$0.information, $0.performance] })
    }

    /// 1 for every picture in which the class comes first.
    private func correctness(of pictures: [Tensor<Float>], _ asked: Experiment) throws -> [Double] {
        guard let index = asked.classIndex else {
            throw EvaluationError.undefined(
                measure: Self.description.name, reason: "the score is no class's, so nothing can come first")
        }
        return try asked.outputs(at: pictures).map { $0.indexOfMaximum == index ? 1 : 0 }
    }
}
