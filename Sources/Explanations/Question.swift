package import Graphs
import Tensors

/// What is asked of a model of known shapes: which score, at which layer, for which input.
package struct Question: Sendable {
    /// The model, specialised to the shapes of its inputs.
    package let graph: Graph
    /// The values that the score is a weighted sum of.
    package let scored: [ValueID]
    /// The input that is explained.
    package let input: ValueID
    /// The layer that somebody named.
    package let namedLayer: Layer?
    /// The number of samples.
    package let batch: Int

    /// The layer of layer methods: the named one, or the automatic choice.
    package func layer() throws -> LayerChoice {
        if let namedLayer { return LayerChoice(layer: namedLayer, reason: "named by the user") }
        guard let scored = scored.first else {
            throw ExplanationError.target(text: "", reason: "it reads no output")
        }
        return try graph.automaticLayer(from: input, to: graph.trunkEnd(of: scored, from: input))
    }

    /// The layer, checked to be a spatial map `[B, C, H, W]`.
    package func spatialLayer(for method: String) throws -> Layer {
        let layer = try layer().layer
        guard layer.shape.rank == 4 else {
            throw ExplanationError.unsuitable(
                method: method,
                reason:
                    "the layer '\(layer.name)' has shape \(layer.shape), and a map [B, C, H, W] is needed; name another with --layer ('gaze inspect MODEL' lists them)"
            )
        }
        return layer
    }

    /// The averaging head in front of the score, for CAM.
    package func averagingHead() throws -> AveragingHead {
        guard let scored = scored.first, self.scored.count == 1 else {
            throw ExplanationError.unsuitable(method: "cam", reason: "the target reads several outputs; use gradcam")
        }
        return try graph.averagingHead(endingIn: scored)
    }
}
