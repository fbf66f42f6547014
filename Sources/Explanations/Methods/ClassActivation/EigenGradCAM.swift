package import Graphs

/// Eigen-CAM of the activations times their gradients.
package struct EigenGradCAM: ActivationGradientMethod {
    package static let description = MethodDescription(
        name: "eigengradcam", family: .classActivation,
        summary: "Eigen-CAM that knows the class: the first principal direction of a layer times its gradients.",
        formula: "M = G ⊙ A as a matrix [H W, C] = U Σ Vᵀ;   L = M v_1, its value of largest magnitude positive",
        paper:
            "a variant of Bany Muhammad, Yeasin: Eigen-CAM, IJCNN 2020, known from the package pytorch-grad-cam, which centres",
        result: "[B, H, W] of the layer", place: .layer, cost: "1 forward pass, 1 backward pass down to the layer",
        fits: "models with a spatial layer and backward rules behind it",
        remarks:
            "Tidier than gradcam and tells classes apart, but the sign is a convention: the map does not say whether its bright cells speak for the class or against it. Compare with hirescam, which sums the same products.",
        parameters: [EigenCAM.centred(true).description], display: .positive)

    private let isCentred: Bool

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        isCentred = try parameters.value(EigenCAM.centred(true))
    }

    package func map(
        of activation: ValueID, gradient: ValueID, _ layout: MapLayout, in question: inout QuestionGraph
    ) -> ValueID {
        let products = question.emit("Mul", [gradient, activation])
        return question.principalComponent(of: products, layout, centred: isCentred)
    }
}
