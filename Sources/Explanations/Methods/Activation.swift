package import Graphs
import Tensors

/// What a layer puts out.
package struct Activation: GraphMethod {
    package static let description = MethodDescription(
        name: "activation", family: .rawMaterial, summary: "What the layer puts out, all channels.", formula: "A",
        paper: "",
        result: "the layer's shape; [B, C, H, W] with layout=map", place: .layer, cost: "1 forward pass",
        fits: "every model", remarks: "Shows what the network sees, not what it uses for a class.",
        parameters: [LayerOrder.parameter.description])

    private let order: LayerOrder

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        order = try parameters.value(LayerOrder.parameter)
    }

    package func gradients(in question: Question) throws -> [GradientRequest] { [] }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let layer = try question.question.layer().layer
        return try order.apply(to: layer.value, of: layer, in: &question, method: "activation")
    }
}

/// In which order the elements of a layer are given.
package enum LayerOrder: String, CaseIterable, Sendable {
    /// As the model has them.
    case model
    /// `[B, C, H, W]`.
    case map

    package static let parameter = MethodParameter.choice(
        "layout", LayerOrder.model, "the model's own order of axes, or [B, C, H, W], [B, C, D, H, W] over a volume")

    /// A value of a layer's shape in this order.
    package func apply(
        to value: ValueID, of layer: Layer, in question: inout QuestionGraph, method: String
    ) throws -> ValueID {
        guard self == .map else { return value }
        return question.map(of: value, try Question.spatial(layer, for: method).layout)
    }
}
