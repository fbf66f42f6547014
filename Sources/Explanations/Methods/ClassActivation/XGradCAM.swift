package import Graphs

/// Axiom-based Grad-CAM (Fu et al. 2020).
package struct XGradCAM: ActivationGradientMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "xgradcam", family: .classActivation,
        summary:
            "Channels of a layer, weighted by their gradients' mean, in which strongly activated cells count more.",
        formula: "w_k = Σ_ij G_k,ij A_k,ij / Σ_ij A_k,ij with G = ∂S/∂A, 0 where the sum is 0;   L = Σ_k w_k A_k",
        paper: "Fu, Hu, Dong, Guo, Gao, Li: Axiom-based Grad-CAM, BMVC 2020",
        result: "[B, H, W] of the layer", place: .layer, cost: "1 forward pass, 1 backward pass down to the layer",
        fits: "models with a spatial layer behind a ReLU and backward rules behind it",
        remarks:
            "The map adds up to Σ G ⊙ A, which is the score without its bias where the rest of the model is piecewise linear without offsets. Where a layer has negative values, Σ A of a channel can come close to 0 and its weight explode: prefer hirescam there. Equals Grad-CAM before average pooling and a linear layer.",
        display: .positive)

    package init() {}

    package func map(
        of activation: ValueID, gradient: ValueID, _ layout: MapLayout, in question: inout QuestionGraph
    ) -> ValueID {
        let products = question.spatialSum(question.emit("Mul", [gradient, activation]), layout)
        let weights = question.quotient(products, question.spatialSum(activation, layout))
        return question.channelSum(activation, weightedBy: weights)
    }
}
