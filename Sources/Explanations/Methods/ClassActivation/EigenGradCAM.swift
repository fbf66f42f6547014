package import Graphs

/// Eigen-CAM of the activations times their gradients.
package struct EigenGradCAM: ActivationGradientMethod {
    package static let description = MethodDescription(
        name: "eigengradcam", family: .classActivation,
        summary: "Eigen-CAM that knows the class: the first principal direction of a layer times its gradients.",
        formula:
            "M = G ⊙ A as a matrix [H W, C] = U Σ Vᵀ;   L = M v_1, its sign that of its scalar product with Σ_k G_k A_k",
        paper:
            "a variant of Bany Muhammad, Yeasin: Eigen-CAM, IJCNN 2020, known from the package pytorch-grad-cam, which centres",
        result: "[B, H, W] of the layer", place: .layer, cost: "1 forward pass, 1 backward pass down to the layer",
        fits: "models with a spatial layer and backward rules behind it",
        remarks:
            "Tidier than hirescam, which sums the same products, and it tells classes apart: the sign is chosen so that both agree where they are strong. pytorch-grad-cam leaves the sign to chance, and its map of a cat can show the dog that speaks against it.",
        parameters: [EigenCAM.centred(true).description], display: .positive)

    private let isCentred: Bool

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        isCentred = try parameters.value(EigenCAM.centred(true))
    }

    package func map(
        of activation: ValueID, gradient: ValueID, _ layout: MapLayout, in question: inout QuestionGraph
    ) -> ValueID {
        let products = question.emit("Mul", [gradient, activation])
        return question.principalComponent(of: products, layout, centred: isCentred, agreeingWithSum: true)
    }
}
