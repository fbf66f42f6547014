package import Graphs

/// High-resolution class activation mapping (Draelos and Carin 2020).
package struct HiResCAM: ActivationGradientMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "hirescam", family: .classActivation,
        summary: "Every number of a layer times its own gradient, summed over the channels.",
        formula: "L = Σ_k G_k ⊙ A_k with G = ∂S/∂A",
        paper: "Draelos, Carin: Use HiResCAM instead of Grad-CAM for faithful explanations, 2020 (arXiv 2011.08891)",
        result: "[B, H, W] of the layer", place: .layer, cost: "1 forward pass, 1 backward pass down to the layer",
        fits: "models with a spatial layer and backward rules behind it",
        remarks:
            "Shows only cells that the score uses, where Grad-CAM averages the gradient and can show others. Where the rest of the model is linear in the layer, the map adds up to the score without its bias. Equals Grad-CAM before average pooling and a linear layer.",
        display: .positive)

    package init() {}

    package func map(
        of activation: ValueID, gradient: ValueID, _ layout: MapLayout, in question: inout QuestionGraph
    ) -> ValueID {
        question.channelSum(activation, weightedBy: gradient)
    }
}
