package import Explanations
import Tensors

/// How the score reacts where the most or the least relevant pixels are replaced by what their neighbours suggest.
///
///     ROAD = mean over percentages of (p(without the least relevant) - p(without the most relevant)) / 2
///
/// Removed pixels are weighted means of their eight neighbours (edges 1/6, corners 1/12), solved together, plus a little noise:
/// unlike a constant, that does not give away which pixels were removed. Rong et al.: A Consistent and Efficient Evaluation
/// Strategy for Attribution Methods, ICML 2022.
package struct ROAD: Metric {
    /// Which pixels are removed.
    package enum Order: String, CaseIterable, Sendable {
        /// Half of what the least relevant leave more than the most relevant.
        case combined
        /// The most relevant.
        case morf
        /// The least relevant.
        case lerf
    }

    private static let percentages = MethodParameter<[Double]>.percentages(
        "10+20+30+40+50+60+70+80+90", "how many of all pixels are removed")
    private static let order = MethodParameter.choice(
        "order", Order.combined, "half of lerf - morf, the most relevant removed, or the least relevant removed")
    private static let noise = MethodParameter.number(
        "noise", 0.01, in: 0...1000, "the deviation of the noise on removed pixels, in the model's numbers")
    private static let score = AskedScore.parameter(.probability)

    package static let description = MeasureDescription(
        name: "road", family: .faithfulness,
        summary:
            "How much more of the score is left without the least than without the most relevant pixels, imputed from their neighbours.",
        formula:
            "mean over percentages q of (p(x without the lowest q) - p(x without the highest q)) / 2; removed pixels: weighted means of eight neighbours plus noise",
        paper: "Rong et al., A Consistent and Efficient Evaluation Strategy for Attribution Methods, ICML 2022",
        range: "-0.5 to 0.5; 0 to 1 for morf and lerf", better: .higher,
        cost: "2 forward passes a percentage (1 for morf or lerf)",
        remarks:
            "With order=morf small is good. The paper plots the accuracy over a data set; this follows the class's probability, as pytorch-grad-cam does, whose combined form it equals. Quantus follows the accuracy.",
        parameters: [percentages.description, order.description, noise.description, score.description])

    private let percentages: [Double]
    private let order: Order
    private let noise: Double
    private let score: AskedScore

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        percentages = try parameters.value(Self.percentages)
        order = try parameters.value(Self.order)
        noise = try parameters.value(Self.noise)
        score = try parameters.value(Self.score)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let planes = try subject.planes(for: Self.description.name)
        let asked = score.experiment(of: subject)
        // Equal pixels go in the same order both times, so that a constant map gains nothing.
        let (falling, rising) = (Ranking(falling: subject.map).order, Ranking(rising: subject.map).order)
        let orders: [[Int]] =
            switch order {
            case .morf: [falling]
            case .lerf: [rising]
            case .combined: [rising, falling]
            }
        let removals = orders.flatMap { order in percentages.map { order.prefix($0.percent(of: order.count)) } }
        let imputation = NoisyLinearImputation(planes: planes, noise: noise, seed: subject.seed)
        let scores = try asked.scores(removals.count) { index in
            imputation.imputed(asked.input, without: Array(removals[index]), number: index)
        }
        let means = orders.indices.map { part in
            scores[part * percentages.count..<(part + 1) * percentages.count].reduce(0, +) / Double(percentages.count)
        }
        return Measurement(order == .combined ? (means[0] - means[1]) / 2 : means[0], details: scores)
    }
}
