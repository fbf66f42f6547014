import Differentiation
package import Graphs

/// Guided backpropagation (Springenberg et al. 2015).
package struct GuidedBackpropagation: GraphMethod {
    package static let description = MethodDescription(
        name: "guided-backprop", family: .modifiedBackward,
        summary: "The gradient, where every ReLU also stops what would lower the score.",
        formula: "dx = g [x > 0] [g > 0] at every ReLU, g the gradient of its result; the derivative everywhere else",
        paper:
            "Springenberg, Dosovitskiy, Brox, Riedmiller: Striving for Simplicity: The All Convolutional Net, ICLR workshop 2015",
        result: "the input's shape", place: .input, cost: "1 forward pass, 1 full backward pass",
        fits: "ReLU networks, clipped ReLUs (Clip from 0 up) included; without a rectifier it is the gradient",
        remarks:
            "Fails the sanity checks: its maps hardly change when the upper layers are randomised (Adebayo et al. 2018), because it nearly restores the picture whatever the class (Nie, Zhang, Patel 2018). Sharp edges are no evidence about the model. Every Relu node of the graph is gated once, also functional and reused ones; an exporter that merges two equal ReLUs makes one gate of two. relu6=false gates Relu alone and leaves Clip its derivative, as hooks on nn.ReLU do.",
        parameters: [relu6.description], display: .magnitude)

    /// Shared with the other methods that gate rectifiers.
    static let relu6 = MethodParameter.flag("relu6", true, "whether Clip from 0 up (ReLU6) is gated as a ReLU is")

    private let relu6: Bool
    private var rules: BackwardRules { .guidedBackpropagation(relu6: relu6) }

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        relu6 = try parameters.value(Self.relu6)
    }

    package func gradients(in question: Question) throws -> [GradientRequest] { [.of(question.input, by: rules)] }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        try question.gradient(of: question.question.input, by: rules)
    }

    package func notes(on question: Question) throws -> [String] {
        question.notesOnRectifiers(relu6: relu6, method: "guided-backprop")
    }
}

extension Question {
    /// Says so where there is nothing to gate, or where clips are left out.
    func notesOnRectifiers(relu6: Bool, method: String) -> [String] {
        let isBehindInput = graph.values(dependingOn: [input])
        let isNeeded = graph.neededNodes(for: scored).nodes
        let onPath = zip(graph.nodes, isNeeded).filter { node, isNeeded in
            isNeeded && node.operands.contains { isBehindInput[$0.index] }
        }.map { node, _ in node }
        let relus = onPath.count { $0.isRelu || $0.hasInnerRectifier }
        let clips = onPath.count { !$0.isRelu && $0.isRectifier(in: graph, clips: true) }
        if relu6 || clips == 0 {
            return relus + clips == 0
                ? ["the model has no rectifier on the way to the target, so \(method) is the plain gradient"] : []
        }
        let effect = relus == 0 ? "\(method) is the plain gradient" : "they keep their derivative"
        let clipped = clips == 1 ? "1 Clip node acts as ReLU6" : "\(clips) Clip nodes act as ReLU6"
        return ["\(clipped), and with relu6=false \(effect)"]
    }
}
