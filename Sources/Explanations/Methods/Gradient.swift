package import Graphs

/// The gradient of the score with respect to the input (Simonyan et al. 2014).
package struct Gradient: GraphMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "gradient", family: .gradient,
        summary: "How the score changes with every input number, signed, all channels.",
        formula: "∂S/∂x", paper: "Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, ICLR workshop 2014",
        result: "the input's shape", place: .input, cost: "1 forward pass, 1 full backward pass",
        fits: "models with backward rules throughout",
        remarks:
            "Passes the parameter-randomisation check of Adebayo et al. 2018. Noisy on deep ReLU networks; it says what would change the score, not what made it.",
        display: .magnitude)

    package init() {}

    package func gradients(in question: Question) throws -> [GradientRequest] { [.of(question.input)] }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        try question.gradient(of: question.question.input)
    }
}
