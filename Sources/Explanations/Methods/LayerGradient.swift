package import Graphs

/// The gradient of the score at a layer.
package struct LayerGradient: AttributionMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "layer-gradient", summary: "The gradient of the score with respect to the layer, all channels.",
        formula: "G = ∂S/∂A", paper: "", result: "the layer's shape", place: .layer,
        cost: "1 forward pass, 1 backward pass down to the layer", fits: "models with backward rules behind the layer",
        remarks: "The raw material of the Grad-CAM family.")

    package init() {}

    package func gradients(in question: Question) throws -> [ValueID] { [try question.layer().layer.value] }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        try question.gradient(of: question.question.layer().layer.value)
    }
}
