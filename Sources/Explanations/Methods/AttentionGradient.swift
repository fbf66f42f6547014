package import Graphs

/// Gradient-weighted attention (Chefer, Gur and Wolf 2021).
package struct AttentionGradient: GraphMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "attention-gradient", family: .attention,
        summary: "Attention, weighted by how much it raises the score, followed through all blocks.",
        formula:
            "R = I;   R ← R + mean_heads max(∂S/∂A_l ⊙ A_l, 0) R, block by block;   the class token's row of R",
        paper:
            "Chefer, Gur, Wolf: Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder Transformers, ICCV 2021",
        result: "[B, H, W] over the tokens", place: .layer,
        cost: "1 forward pass, 1 backward pass down to the first attention",
        fits: "token models whose blocks attend from all tokens to all tokens; not windows (Swin)",
        remarks:
            "Tells classes apart, unlike rollout. Not part of the sanity checks of Adebayo et al. 2018; it multiplies attention into the gradient, so compare with a randomised model before trusting it. Heads that lower the score are left out. Without a class token the rows' mean is shown.",
        display: .positive)

    package init() {}

    package func layer(in question: Question) throws -> LayerChoice? {
        let attention = try TokenAttention(question, for: "attention-gradient")
        return LayerChoice(layer: attention.layer, reason: "the tokens that attention runs over")
    }

    package func gradients(in question: Question) throws -> [GradientRequest] {
        try TokenAttention(question, for: "attention-gradient").weights.map { .of($0) }
    }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let attention = try TokenAttention(question.question, for: "attention-gradient")
        var relevance = attention.identity(in: &question)
        for weights in attention.weights {
            let gradient = try question.gradient(of: weights)
            let positive = question.emit("Relu", [question.emit("Mul", [gradient, weights])])
            let byHead = attention.byHead(positive, like: weights, in: &question)
            let matrix = question.emit("ReduceMean", [byHead, question.integers([1])], ["keepdims": .integer(0)])
            relevance = question.emit("Add", [relevance, question.emit("MatMul", [matrix, relevance])])
        }
        return attention.map(of: relevance, in: &question)
    }
}
