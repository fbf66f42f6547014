package import Graphs

/// Attention rollout (Abnar and Zuidema 2020).
package struct AttentionRollout: GraphMethod {
    package static let description = MethodDescription(
        name: "attention-rollout", family: .attention,
        summary: "How much of each patch reaches the class token when attention is followed through all blocks.",
        formula:
            "Ã_l = (A_l + I)/2 with rows scaled to sum 1, A_l the mean over heads;   R = Ã_L ⋯ Ã_1;   the class token's row of R",
        paper: "Abnar, Zuidema: Quantifying Attention Flow in Transformers, ACL 2020",
        result: "[B, H, W] over the tokens", place: .layer, cost: "1 forward pass",
        fits: "token models whose blocks attend from all tokens to all tokens; not windows (Swin)",
        remarks:
            "The same map for every class: it shows where information flows, not what speaks for a class. Ignores values, projections and the perceptrons between (Chefer, Gur, Wolf 2021). Attention is no explanation by itself (Jain and Wallace 2019). Without a class token the rows' mean is shown.",
        parameters: [heads.description], display: .positive)

    /// How the heads of a block become one matrix.
    enum Heads: String, CaseIterable, Sendable {
        case mean, max, min
    }

    private static let heads = MethodParameter.choice("heads", Heads.mean, "how the heads of a block become one matrix")

    private let heads: Heads

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        heads = try parameters.value(Self.heads)
    }

    package func layer(in question: Question) throws -> LayerChoice? {
        let attention = try TokenAttention(question, for: "attention-rollout")
        return LayerChoice(layer: attention.layer, reason: "the tokens that attention runs over")
    }

    package func gradients(in question: Question) throws -> [GradientRequest] { [] }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let attention = try TokenAttention(question.question, for: "attention-rollout")
        let identity = attention.identity(in: &question)
        let reduction = ["mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin"][heads.rawValue] ?? "ReduceMean"
        var flow = identity
        for weights in attention.weights {
            let byHead = attention.byHead(weights, like: weights, in: &question)
            let matrix = question.emit(reduction, [byHead, question.integers([1])], ["keepdims": .integer(0)])
            let mixed = question.emit("Add", [matrix, identity])
            let total = question.emit("ReduceSum", [mixed, question.integers([-1])], ["keepdims": .integer(1)])
            flow = question.emit("MatMul", [question.emit("Div", [mixed, total]), flow])
        }
        return attention.map(of: flow, in: &question)
    }
}
