package import Graphs

/// What a layer puts out.
package struct Activation: AttributionMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "activation", summary: "What the layer puts out, all channels.", formula: "A", paper: "",
        result: "the layer's shape", place: .layer, cost: "1 forward pass", fits: "every model",
        remarks: "Shows what the network sees, not what it uses for a class.")

    package init() {}

    package func gradients(in question: Question) throws -> [ValueID] { [] }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        try question.question.layer().layer.value
    }
}
