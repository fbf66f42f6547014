package import Graphs

/// LayerCAM (Jiang et al. 2021) of one layer, raw: without the final ReLU.
package struct LayerCAM: ActivationGradientMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "layercam", family: .classActivation,
        summary: "Every number of a layer times its own gradient where that is positive, summed over the channels.",
        formula: "L = Σ_k max(G_k, 0) ⊙ A_k with G = ∂S/∂A",
        paper:
            "Jiang, Zhang, Hou, Cheng, Wei: LayerCAM, IEEE Transactions on Image Processing 2021",
        result: "[B, H, W] of the layer", place: .layer, cost: "1 forward pass, 1 backward pass down to the layer",
        fits: "models with a spatial layer and backward rules behind it",
        remarks:
            "Made for early layers, whose maps are finer. Drops what speaks against the class, so maps of different classes resemble each other more than Grad-CAM's.",
        display: .positive)

    package init() {}

    package func map(
        of activation: ValueID, gradient: ValueID, _ layout: MapLayout, in question: inout QuestionGraph
    ) -> ValueID {
        question.channelSum(activation, weightedBy: question.emit("Relu", [gradient]))
    }
}
