import Differentiation
package import Graphs
package import Tensors

/// Layer-wise relevance propagation (Bach et al. 2015): the score divided among the input's elements, layer by layer.
package struct LayerwiseRelevance: GraphMethod {
    /// How linear layers divide relevance.
    package enum Rule: String, CaseIterable, Sendable {
        case epsilon, gamma
        case generalisedGamma = "generalised-gamma"
        case alpha1beta0, alpha2beta1, zplus
        case epsilonGammaBox = "epsilon-gamma-box"
        case epsilonPlusFlat = "epsilon-plus-flat"
        case epsilonAlpha2Beta1Flat = "epsilon-alpha2beta1-flat"
    }

    /// How the layers that read the input divide relevance.
    package enum FirstRule: String, CaseIterable, Sendable {
        /// As the rule or composite has it.
        case asRule = "as-rule"
        case box, flat
        case squaredWeights = "w2"
    }

    package static let description = MethodDescription(
        name: "lrp", family: .modifiedBackward,
        summary: "The score divided among the input's numbers, layer by layer, so that what comes in goes out again.",
        formula: """
            R_i = Σ_j (contribution of i to j / Σ_i contributions to j) R_j, from R = S; contributions with bias:
            epsilon x W · gamma x (W + γW⁺), b + γb⁺ · alpha1beta0 = zplus x⁺W⁺ + x⁻W⁻, b⁺ · alpha2beta1 2 (+) - 1 (-);   \
            at the pixels: flat 1 · w2 W² · box x W - l W⁺ - h W⁻;   denominators z + ε sign z at layers with weights, z elsewhere
            """,
        paper:
            "Bach, Binder, Montavon, Klauschen, Müller, Samek: On Pixel-Wise Explanations by Layer-Wise Relevance Propagation, PLoS ONE 2015; Montavon et al.: Layer-Wise Relevance Propagation: An Overview, 2019; Kohlbrenner et al.: Towards Best Practice in Explaining Neural Network Decisions with LRP, IJCNN 2020",
        result: "the input's shape", place: .input, cost: "1 forward pass, 1 to 4 full backward passes by rule",
        fits:
            "ReLU networks above all; others too: activations pass relevance on, gates (those of recurrent cells too) and attention matrices count as weights, deviations of normalisations as constants. Target a logit, not a probability",
        remarks:
            "The sum of the map is the score less what biases keep, and is reported. As ε goes to 0, rule=epsilon is gradient-x-input on ReLU networks, and as noisy. alpha1beta0 and zplus (the same rule) show nearly the same map for every class and survive randomised upper layers: their products of non-negative matrices converge to rank 1 (Sixt et al. 2020, When Explanations Lie). The composites epsilon-gamma-box and epsilon-plus-flat keep the upper layers' epsilon, which is specific to the class, and are what the literature recommends for photographs. eps belongs to layers with weights: convolutions, matrix products, and the normalisations and biases that the exporter left as nodes of their own. Poolings, sums of branches, interpolation and products of two activations divide in exact proportion, so that they keep the sum; where their result is exactly 0, nothing is handed on. captum's GammaRule leaves the bias as it is, and its Alpha1_Beta0 keeps negative biases and multiplies positive weights with negative inputs; Gaze follows the definitions. Where a sum of branches hands relevance to negative results (residual networks), gamma's own denominators can cancel: generalised-gamma raises the contributions of each result's own sign, equals gamma where operands and results are positive, and is what the composite uses.",
        parameters: [
            rule.description, epsilon.description, gamma.description, first.description, low.description,
            high.description,
        ],
        display: .signed)

    private static let rule = MethodParameter.choice(
        "rule", Rule.epsilon, "how linear layers divide relevance, or a composite of several such rules")
    private static let epsilon = MethodParameter.number(
        "eps", 1e-6, in: 1e-30...1e6, "what stabilises the denominators of layers with weights")
    private static let gamma = MethodParameter.number(
        "gamma", 0.25, in: 0...1e6, "how much more positive weights count, for rules with gamma")
    private static let first = MethodParameter.choice(
        "first", FirstRule.asRule, "how the first linear layers divide relevance")
    private static let low = bound("low", "smallest")
    private static let high = bound("high", "largest")

    private let name: String
    /// How many channels the box has bounds for; 1 where they hold for all.
    private let boundCount: Int
    private let composite: RelevanceComposite

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        let rule = try parameters.value(Self.rule)
        let (epsilon, gamma) = (try parameters.value(Self.epsilon), try parameters.value(Self.gamma))
        let first = try parameters.value(Self.first)
        let (low, high) = (try parameters.value(Self.low), try parameters.value(Self.high))
        guard low.isEmpty == high.isEmpty else {
            throw parameters.problem(low.isEmpty ? "low" : "high", "the box needs both low and high, or neither")
        }
        let hasBox = first == .box || (first == .asRule && rule == .epsilonGammaBox)
        guard low.isEmpty || hasBox else {
            throw parameters.problem("low", "only first=box and rule=epsilon-gamma-box have a box")
        }
        guard low.count == high.count || low.count == 1 || high.count == 1,
            low.count < 1
                || (0..<max(low.count, high.count)).allSatisfy({
                    low[low.count == 1 ? 0 : $0] <= high[high.count == 1 ? 0 : $0]
                })
        else {
            throw parameters.problem("low", "every lower bound has an upper one that is not smaller")
        }
        boundCount = max(low.count, high.count, 1)
        let bounds = low.isEmpty ? BoxRelevance.Bounds.ofEachSample : .given(low: low, high: high)
        var composite = Self.composite(rule, gamma: gamma, bounds)
        switch first {
        case .asRule: break
        case .box: composite.first = BoxRelevance(bounds)
        case .flat: composite.first = FlatRelevance.flat
        case .squaredWeights: composite.first = FlatRelevance.squaredWeights
        }
        composite.epsilon = epsilon
        self.composite = composite
        name = "lrp \(rule.rawValue) \(epsilon) \(gamma) \(first.rawValue) \(low) \(high)"
    }

    package func gradients(in question: Question) throws -> [GradientRequest] {
        if let channels = PicturePlanes(sampleOf: question.input, in: question.graph)?.channels, boundCount != 1,
            boundCount != channels
        {
            throw ExplanationError.parameter(
                method: Self.description.name, name: "low",
                reason:
                    "\(boundCount) bounds are given, and the input has \(channels) channels; give one, or one a channel"
            )
        }
        return [.of(question.input, by: rules)]
    }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        try question.gradient(of: question.question.input, by: rules)
    }

    package func checks(of result: Tensor<Float>, score: Double) -> [SelfCheck] {
        SelfCheck.conservation(result, score)
    }

    private var rules: BackwardRules {
        BackwardRules(name: name, start: .weightedValues) { graph, input in
            composite.composite(for: graph, explaining: input)
        }
    }

    private static func composite(
        _ rule: Rule, gamma: Double, _ bounds: BoxRelevance.Bounds
    ) -> RelevanceComposite {
        switch rule {
        case .epsilon: .epsilon
        case .gamma: RelevanceComposite(GammaRelevance(gamma: gamma))
        case .generalisedGamma: RelevanceComposite(GeneralisedGammaRelevance(gamma: gamma))
        case .alpha1beta0, .zplus: RelevanceComposite(AlphaBetaRelevance(alpha: 1, beta: 0))
        case .alpha2beta1: RelevanceComposite(AlphaBetaRelevance(alpha: 2, beta: 1))
        case .epsilonGammaBox: .epsilonGammaBox(gamma: gamma, bounds)
        case .epsilonPlusFlat: .epsilonPlusFlat
        case .epsilonAlpha2Beta1Flat: .epsilonAlpha2Beta1Flat
        }
    }

    private static func bound(_ name: String, _ kind: String) -> MethodParameter<[Double]> {
        MethodParameter(
            name, [], written: "none",
            "the \(kind) number that the first layer can read, for the box (each sample's own unless it is given): one number, or one a channel with slashes between them (-2.1/-2/-1.8)"
        ) { text in
            let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
            let values = numbers.compactMap { $0 }.filter(\.isFinite)
            return values.count == numbers.count && values.count <= 1024 ? values : nil
        }
    }
}

extension SelfCheck {
    /// How much of the score the map's sum is.
    static func conservation(_ result: Tensor<Float>, _ score: Double) -> [SelfCheck] {
        let sum = result.elements.reduce(0) { $0 + Double($1) }
        guard score != 0, sum.isFinite, score.isFinite else { return [] }
        return [
            SelfCheck(
                "conservation", sum / score,
                "the map's sum over the score; 1 where all relevance arrives, other where biases kept or gave theirs")
        ]
    }
}
