package import Graphs

/// What the model puts out, before a target is taken from it.
package struct Output: GraphMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "output", family: .rawMaterial, summary: "The whole output that the target is taken from.", formula: "y",
        paper: "",
        result: "the output's shape", place: .score, cost: "1 forward pass", fits: "every model",
        remarks: "The numbers from which classes are ranked.")

    package init() {}

    package func gradients(in question: Question) throws -> [GradientRequest] { [] }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        guard let scored = question.question.scored.first else {
            throw ExplanationError.target(text: "", reason: "it reads no output")
        }
        return scored
    }
}
