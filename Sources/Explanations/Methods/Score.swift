package import Graphs

/// The explained number itself.
package struct Score: GraphMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "score", family: .rawMaterial, summary: "The explained number itself, one per sample.", formula: "S",
        paper: "",
        result: "[B]", place: .score, cost: "1 forward pass", fits: "every model",
        remarks: "What every other method distributes or differentiates; look at it first.")

    package init() {}

    package func gradients(in question: Question) throws -> [GradientRequest] { [] }

    package func result(in question: inout QuestionGraph) throws -> ValueID { try question.score() }
}
