import Differentiation
package import Graphs
package import Tensors

/// Layer-wise relevance propagation for transformers (Achtibat et al. 2024).
package struct AttentionRelevance: GraphMethod {
    package static let description = MethodDescription(
        name: "attnlrp", family: .attention,
        summary:
            "The score divided among the input's numbers, also through attention's softmax and both of its products.",
        formula: """
            linear layers: R_i = x_i Σ_j W_ij R_j / (z_j + ε sign z_j);   sums and poolings: in proportion, without ε;   softmax: R_i = x_i (R_i - s_i Σ R_j);   \
            products A B: half to each, R_A = A ⊙ (R / 2z) Bᵀ;   activations: R;   LayerNorm: its deviation is a constant
            """,
        paper:
            "Achtibat, Hatefi, Dreyer, Jain, Wiegand, Lapuschkin, Samek: AttnLRP, Attention-Aware Layer-Wise Relevance Propagation for Transformers, ICML 2024 (arXiv 2402.05602)",
        result: "the input's shape", place: .input, cost: "1 forward pass, 1 full backward pass (2 to 3 with gamma)",
        fits: "token models with softmax attention; on other models it is lrp with halved gates. Target a logit",
        remarks:
            "More faithful on token models than attention rollout and than lrp with attention as a weight, by the paper's measurements. For a vision transformer the paper uses gamma in the linear layers against the noise of the patch embedding; gamma=0 is epsilon. Biases keep their share; the paper's identity rule for LayerNorm would hand it on.",
        parameters: [epsilon.description, gamma.description], display: .signed)

    private static let epsilon = MethodParameter.number(
        "eps", 1e-6, in: 1e-30...1e6, "what stabilises the denominators of layers with weights")
    private static let gamma = MethodParameter.number(
        "gamma", 0, in: 0...1e6, "how much more contributions of a result's own sign count in linear layers")

    private let name: String
    private let composite: RelevanceComposite

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        let (epsilon, gamma) = (try parameters.value(Self.epsilon), try parameters.value(Self.gamma))
        composite = .attention(gamma: gamma, epsilon: epsilon)
        name = "attnlrp \(epsilon) \(gamma)"
    }

    package func gradients(in question: Question) throws -> [GradientRequest] { [.of(question.input, by: rules)] }

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
}
