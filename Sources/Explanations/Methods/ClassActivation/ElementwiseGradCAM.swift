package import Graphs

/// Grad-CAM without any averaging, positive part by part.
package struct ElementwiseGradCAM: ActivationGradientMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "gradcam-elementwise", family: .classActivation,
        summary:
            "Every number of a layer times its own gradient where the product is positive, summed over the channels.",
        formula: "L = Σ_k max(G_k ⊙ A_k, 0) with G = ∂S/∂A",
        paper: "a variant of Selvaraju et al.: Grad-CAM, ICCV 2017, known from the package pytorch-grad-cam",
        result: "[B, H, W] of the layer", place: .layer, cost: "1 forward pass, 1 backward pass down to the layer",
        fits: "models with a spatial layer and backward rules behind it",
        remarks:
            "Never negative: what speaks against the class is dropped channel by channel before it can cancel what speaks for it, so a cell may be bright that the score hardly uses. Where A is not negative it equals LayerCAM.",
        display: .positive)

    package init() {}

    package func map(
        of activation: ValueID, gradient: ValueID, _ layout: MapLayout, in question: inout QuestionGraph
    ) -> ValueID {
        let product = question.emit("Relu", [question.emit("Mul", [gradient, activation])])
        return question.emit("ReduceSum", [product, question.integers([1])], ["keepdims": .integer(0)])
    }
}
