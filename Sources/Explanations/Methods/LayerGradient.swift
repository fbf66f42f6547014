package import Graphs

/// The gradient of the score at a layer.
package struct LayerGradient: GraphMethod {
    package static let description = MethodDescription(
        name: "layer-gradient", family: .rawMaterial,
        summary: "The gradient of the score with respect to the layer, all channels.",
        formula: "G = ∂S/∂A", paper: "", result: "the layer's shape; [B, C, H, W] with layout=map", place: .layer,
        cost: "1 forward pass, 1 backward pass down to the layer", fits: "models with backward rules behind the layer",
        remarks: "The raw material of the Grad-CAM family.", parameters: [LayerOrder.parameter.description])

    private let order: LayerOrder

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        order = try parameters.value(LayerOrder.parameter)
    }

    package func gradients(in question: Question) throws -> [GradientRequest] {
        [.of(try question.layer().layer.value)]
    }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let layer = try question.question.layer().layer
        return try order.apply(
            to: try question.gradient(of: layer.value), of: layer, in: &question, method: "layer-gradient")
    }
}
