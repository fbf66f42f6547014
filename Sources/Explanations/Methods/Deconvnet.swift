import Differentiation
package import Graphs

/// The deconvolutional network (Zeiler and Fergus 2014).
package struct Deconvnet: GraphMethod {
    package static let description = MethodDescription(
        name: "deconvnet", family: .modifiedBackward,
        summary: "The gradient, where every ReLU passes what would raise the score, whether it was active or not.",
        formula:
            "dx = max(g, 0) at every ReLU, g the gradient of its result; max pooling goes back to its maxima; the derivative everywhere else",
        paper: "Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014",
        result: "the input's shape", place: .input, cost: "1 forward pass, 1 full backward pass",
        fits: "ReLU networks with max pooling, clipped ReLUs included; without a rectifier it is the gradient",
        remarks:
            "Depends on the picture only through max pooling, and hardly on the class: it nearly restores the picture (Nie, Zhang, Patel 2018; Mahendran, Vedaldi 2016), so it fails what Adebayo et al. 2018 ask of an explanation. Without max pooling the maps are unclear (Springenberg et al. 2015).",
        parameters: [GuidedBackpropagation.relu6.description], display: .magnitude)

    private let relu6: Bool
    private var rules: BackwardRules { .deconvolution(relu6: relu6) }

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        relu6 = try parameters.value(GuidedBackpropagation.relu6)
    }

    package func gradients(in question: Question) throws -> [GradientRequest] { [.of(question.input, by: rules)] }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        try question.gradient(of: question.question.input, by: rules)
    }

    package func notes(on question: Question) throws -> [String] {
        question.notesOnRectifiers(relu6: relu6, method: "deconvnet")
    }
}
