package import Explanations
package import Tensors

/// How a picture is weighted by a map: `m x + (1 - m) b` with the map's evidence scaled to [0, 1].
package struct MapWeighting: Sendable {
    /// How evidence becomes weights.
    package enum Scale: String, CaseIterable, Sendable {
        /// From the smallest to the largest value.
        case range
        /// From 0 to the largest value.
        case maximum
    }

    private static let scale = MethodParameter.choice(
        "scale", Scale.range, "how the map comes to lie in [0, 1]: from its smallest to its largest value, or from 0")
    private static let baseline = MethodParameter<Baseline>.baseline("0", "what shows where the map is 0")

    /// What a metric's catalogue entry says of it.
    package static var parameters: [MethodDescription.Parameter] { [scale.description, baseline.description] }

    private let scale: Scale
    private let baseline: Baseline

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        scale = try parameters.value(Self.scale)
        baseline = try parameters.value(Self.baseline)
    }

    /// The weights of a map's evidence, 0 everywhere where it does not vary.
    package func weights(of evidence: Tensor<Float>) -> Tensor<Float> {
        let low = scale == .range ? evidence.elements.min() ?? 0 : 0
        let high = evidence.elements.max() ?? 0
        guard high > low else { return evidence.map { _ in 0 } }
        return evidence.map { ($0 - low) / (high - low) }
    }

    /// The picture weighted by these weights.
    package func picture(_ weights: Tensor<Float>, of experiment: Experiment) throws -> Tensor<Float> {
        let planes = try experiment.planes()
        return planes.blend(experiment.input, over: try baseline.input(for: experiment), by: weights)
    }

    /// The class's probability for the picture weighted by a map's evidence.
    ///
    /// - Throws: `EvaluationError.undefined` where the score is no class's probability.
    package func confidence(
        in evidence: Tensor<Float>, of subject: EvaluationSubject, for metric: String
    ) throws -> Double {
        let probability = try subject.probability(for: metric)
        return try probability.score(at: picture(weights(of: evidence), of: probability))
    }

    /// The class's probability for the picture, and for the picture weighted by the subject's map.
    ///
    /// - Throws: `EvaluationError.undefined` where the score is no class's probability, or that of the picture is 0.
    package func confidences(
        of subject: EvaluationSubject, for metric: String
    ) throws -> (clean: Double, weighted: Double) {
        _ = try subject.planes(for: metric)
        let probability = try subject.probability(for: metric)
        let clean = try probability.score(at: probability.input)
        guard clean > 0, clean.isFinite else {
            throw EvaluationError.undefined(measure: metric, reason: "the class's probability is \(clean)")
        }
        return (clean, try confidence(in: subject.evidence, of: subject, for: metric))
    }
}

extension EvaluationSubject {
    /// The experiment about the class's probability.
    fileprivate func probability(for metric: String) throws -> Experiment {
        guard let probability else {
            throw EvaluationError.undefined(measure: metric, reason: "the explained score is no class's probability")
        }
        return probability
    }
}
