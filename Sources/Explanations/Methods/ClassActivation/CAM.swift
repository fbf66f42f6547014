package import Graphs
import Tensors

/// Class activation mapping (Zhou et al. 2016).
package struct CAM: GraphMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "cam", family: .classActivation,
        summary:
            "The class's own share of every cell of the last map, for networks that end in average pooling and a linear layer.",
        formula: "M_c(x, y) = Σ_k w_k^c f_k(x, y);   Σ M_c / (H W) + bias_c = logit_c",
        paper:
            "Zhou, Khosla, Lapedriza, Oliva, Torralba: Learning Deep Features for Discriminative Localization, CVPR 2016",
        result: "[B, H, W] of the map that enters the pooling", place: .layer, cost: "1 forward pass",
        fits: "models whose head is global average pooling and affine layers, however the graph spells it",
        remarks:
            "An exact decomposition of the logit (without the bias), so it cannot mislead about the head. Equals H·W·Grad-CAM. Coarse: one value per cell.",
        display: .positive)

    package init() {}

    package func gradients(in question: Question) throws -> [GradientRequest] { [.of(try head(in: question).pooled)] }

    package func layer(in question: Question) throws -> LayerChoice? {
        let map = try head(in: question).map
        return question.graph.layers(from: question.input).first { $0.value == map }.map {
            LayerChoice(layer: $0, reason: "the map that enters the average pooling")
        }
    }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let head = try head(in: question.question)
        let weights = try question.gradient(of: head.pooled)
        let perChannel = question.reshape(weights, to: head.layout.channelShape)
        return question.channelSum(question.map(of: head.map, head.layout), weightedBy: perChannel)
    }

    private func head(in question: Question) throws -> AveragingHead {
        let head = try question.averagingHead()
        if let named = question.namedLayer, named.value != head.map {
            throw ExplanationError.unsuitable(
                method: "cam",
                reason:
                    "its layer is given by the head ('\(question.graph[head.map].name)'), and '\(named.name)' was named; leave --layer out, or use gradcam"
            )
        }
        return head
    }
}
