package import Graphs

/// The gradient times the input (Shrikumar et al. 2016).
package struct GradientXInput: GraphMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "gradient-x-input", family: .gradient,
        summary: "The gradient times the input: each number's first-order share of the score.",
        formula: "x ⊙ ∂S/∂x",
        paper: "Shrikumar, Greenside, Shcherbina, Kundaje: Not Just a Black Box, 2016 (arXiv 1605.01713)",
        result: "the input's shape", place: .input, cost: "1 forward pass, 1 full backward pass",
        fits: "models with backward rules throughout",
        remarks:
            "The input shows through: maps of a randomised model stay visually alike (Adebayo et al. 2018), only the signs change. Depends on what the model calls zero.",
        display: .signed)

    package init() {}

    package func gradients(in question: Question) throws -> [GradientRequest] { [.of(question.input)] }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let input = question.question.input
        return question.emit("Mul", [input, try question.gradient(of: input)])
    }
}
