package import Graphs
import Tensors

/// Grad-CAM++ (Chattopadhyay et al. 2018), raw: without the final ReLU and without the factor exp(S).
///
/// With `eps` 0, `G² / (2 G² + s G³) = 1 / (2 + s G)`, which neither under- nor overflows however small gradients are.
package struct GradCAMPlusPlus: ActivationGradientMethod {
    package static let description = MethodDescription(
        name: "gradcam++", family: .classActivation,
        summary: "Channels of a layer, weighted by their positive gradients, each cell by how much it matters alone.",
        formula:
            "α_ij = G_ij² / (2 G_ij² + Σ_ab A_ab G_ij³ + eps), 0 where that is not defined;   w_k = Σ_ij α_k,ij max(G_k,ij, 0);   L = Σ_k w_k A_k",
        paper:
            "Chattopadhyay, Sarkar, Howlader, Balasubramanian: Grad-CAM++, WACV 2018",
        result: "[B, H, W] of the layer", place: .layer, cost: "1 forward pass, 1 backward pass down to the layer",
        fits: "models with a spatial layer behind a ReLU and backward rules behind it",
        remarks:
            "Covers several objects of a class better than Grad-CAM, and tells classes apart less. α is not free of scale: the map of twice the score is another map. Where the layer has negative values α has poles (Σ A G = -2) and the map jumps. variant=official divides the α of positive gradients by their sum, as the authors' code does; tf-keras-vis those of all gradients; xplique takes means in place of both sums; torchcam never divides (w = Σ G² max(G, 0)). pytorch-grad-cam is variant=raw,eps=1e-6, which is not small beside G² behind average pooling.",
        parameters: [eps.description, variant.description, exponential.description], display: .positive)

    /// Which implementation's weights.
    package enum Variant: String, CaseIterable, Sendable {
        case raw
        case official
        case tfKerasVis = "tf-keras-vis"
        case torchcam
        case xplique
    }

    private static let eps = MethodParameter<Double>.number(
        "eps", 0, in: 0...1, "what is added to α's denominator; variant=raw only")
    private static let variant = MethodParameter<Variant>.choice("variant", .raw, "whose weights")
    private static let exponential = MethodParameter<Bool>.flag(
        "exp", false, "multiply by exp(S), as the paper's Y = exp(S) has it; overflows for scores above 88")

    private let eps: Double
    private let variant: Variant
    private let exponential: Bool

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        eps = try parameters.value(Self.eps)
        variant = try parameters.value(Self.variant)
        exponential = try parameters.value(Self.exponential)
        guard eps == 0 || variant == .raw else {
            throw parameters.problem("eps", "only variant=raw has it, not variant=\(variant.rawValue)")
        }
    }

    package func map(
        of activation: ValueID, gradient: ValueID, _ layout: MapLayout, in question: inout QuestionGraph
    ) throws -> ValueID {
        var weights = weights(activation, gradient, layout, in: &question)
        if exponential {
            let factor = question.perPicture(try question.score(), layout)
            weights = question.emit("Mul", [weights, question.emit("Exp", [factor])])
        }
        return question.channelSum(activation, weightedBy: weights)
    }

    /// One weight a channel, `[B, C, 1, 1]`.
    private func weights(
        _ activation: ValueID, _ gradient: ValueID, _ layout: MapLayout, in question: inout QuestionGraph
    ) -> ValueID {
        let positive = question.emit("Relu", [gradient])
        let squares = question.emit("Mul", [gradient, gradient])
        guard variant != .torchcam else {
            return question.spatialSum(question.emit("Mul", [squares, positive]), layout)
        }
        let scale =
            variant == .xplique ? question.spatialMean(activation, layout) : question.spatialSum(activation, layout)
        // 2 + s G, which is α's denominator divided by G².
        let divisor = question.emit("Add", [question.emit("Mul", [scale, gradient]), question.scalar(2)])
        if eps > 0 {
            let denominator = question.emit("Add", [question.emit("Mul", [squares, divisor]), question.scalar(eps)])
            let alpha = question.quotient(squares, denominator)
            return question.spatialSum(question.emit("Mul", [alpha, positive]), layout)
        }
        let alpha = question.quotient(question.scalar(1), divisor)
        let terms = question.emit("Mul", [alpha, positive])
        switch variant {
        case .raw, .torchcam: return question.spatialSum(terms, layout)
        case .xplique: return question.spatialMean(terms, layout)
        case .official, .tfKerasVis:
            // α counts where there is a gradient, or where it is positive.
            let counting = variant == .official ? positive : question.emit("Abs", [gradient])
            let counts = question.emit("Greater", [counting, question.scalar(0)])
            let total = question.spatialSum(question.emit("Where", [counts, alpha, question.scalar(0)]), layout)
            return question.quotient(question.spatialSum(terms, layout), total)
        }
    }
}
