package import Graphs

/// Gradient-weighted class activation mapping (Selvaraju et al. 2017), raw: without the final ReLU.
package struct GradCAM: GraphMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "gradcam", family: .classActivation,
        summary: "Channels of a layer, weighted by how much the score rises with their mean.",
        formula: "α_k = mean_ij ∂S/∂A_k,ij;   L = Σ_k α_k A_k   (the display keeps the positive part)",
        paper: "Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, ICCV 2017",
        result: "[B, H, W] of the layer", place: .layer, cost: "1 forward pass, 1 backward pass down to the layer",
        fits: "models with a spatial layer and backward rules behind it",
        remarks:
            "Passes the sanity checks of Adebayo et al. 2018. Negative cells speak against the class. Averages the gradient over the map, so far from the head it can highlight what the score does not use (HiResCAM, Draelos and Carin 2020).",
        display: .positive)

    /// The layer where it is made; nil is the question's.
    private let place: LayerChoice?

    package init() { place = nil }

    /// Grad-CAM at a layer that the method brings along: questions with maps at several layers.
    package init(at place: LayerChoice) { self.place = place }

    package func gradients(in question: Question) throws -> [GradientRequest] {
        [.of(try spatialLayer(in: question).layer.value)]
    }

    package func layer(in question: Question) throws -> LayerChoice? { try place ?? question.layer() }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let (layer, layout) = try spatialLayer(in: question.question)
        let gradient = try question.gradientMap(of: layer.value, layout)
        let map = question.map(of: layer.value, layout)
        return question.channelSum(map, weightedBy: question.spatialMean(gradient, layout))
    }

    private func spatialLayer(in question: Question) throws -> (layer: Layer, layout: MapLayout) {
        guard let place else { return try question.spatialLayer(for: "gradcam") }
        return try Question.spatial(place.layer, for: "gradcam")
    }
}
