package import Graphs
import Tensors

/// The channel weights of Grad-CAM.
package struct GradCAMWeights: GraphMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "gradcam-weights", family: .rawMaterial, summary: "Grad-CAM's channel weights.",
        formula: "α_k = mean_ij ∂S/∂A_k,ij",
        paper: "Selvaraju et al.: Grad-CAM, ICCV 2017", result: "[B, C]", place: .layer,
        cost: "1 forward pass, 1 backward pass down to the layer",
        fits: "models with a spatial layer and backward rules behind it",
        remarks: "Which channels speak for the score; what embedding explanations store and transfer.")

    package init() {}

    package func gradients(in question: Question) throws -> [GradientRequest] {
        [.of(try question.spatialLayer(for: "gradcam-weights").layer.value)]
    }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let (layer, layout) = try question.question.spatialLayer(for: "gradcam-weights")
        let weights = question.spatialMean(try question.gradientMap(of: layer.value, layout), layout)
        return question.reshape(weights, to: [layout.batch, layout.channels])
    }
}
