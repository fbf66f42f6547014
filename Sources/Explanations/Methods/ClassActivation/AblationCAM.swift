import Graphs
import Tensors

/// Channels of a layer, weighted by how much the score falls without them (Desai and Ramaswamy 2020).
package struct AblationCAM: ProcedureMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "ablationcam", family: .classActivation,
        summary: "Channels of a layer, weighted by how much the score falls when they are set to zero.",
        formula: "w_k = (S - S_k) / S with S_k the score where A_k = 0;   L = Σ_k w_k A_k",
        paper: "Desai, Ramaswamy: Ablation-CAM, WACV 2020",
        result: "[B, H, W] of the layer, [B, D, H, W] over a volume; [B V, H, W] of V views", place: .layer,
        cost: "1 forward pass, and 1 pass behind the layer for every channel",
        fits: "models with a spatial layer; no gradients are needed",
        remarks:
            "Free of gradients, so saturation does not silence it. Dividing by S turns the map over where the score is negative: the sign of the weights is then that of (S - S_k) / S, as in the paper. A channel is ablated wherever the layer holds it, class tokens included, and in all views at once where the model folds several into the batch: each view has a map. pytorch-grad-cam puts min(A) - 1e7 in place of 0, which is another method.",
        display: .positive)

    package init() {}

    package var requirements: [MethodRequirement] { [.layer] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let (choice, maps) = try experiment.layerMaps()
        let score = try experiment.answers(at: [experiment.input]).scores[0]
        let channels = maps.channels
        var weights = [Float](repeating: 0, count: channels)
        let take = { (range: Range<Int>, scores: [Float]) in
            for (channel, ablated) in zip(range, scores) {
                weights[channel] = score == 0 ? 0 : (score - ablated) / score
            }
            return true
        }
        if let (layer, axis) = try experiment.wholeLayer() {
            try experiment.streamBehindWholeLayer(
                channels, layer: { layer.zeroing($0, ofAxis: axis) }, consume: take)
        } else {
            try experiment.streamBehindLayer(channels, map: { maps.values.zeroing($0, ofAxis: 1) }, consume: take)
        }
        return ProcedureResult(
            try maps.channelSum(weightedBy: weights), layer: choice,
            notes: score == 0 ? ["the score is 0, so the weights of ablationcam, which divide by it, are all 0"] : [],
            companions: ["weights": Tensor(vector: weights)])
    }
}

extension Tensor where Scalar == Float {
    /// The tensor with zeros at one position of an axis.
    fileprivate func zeroing(_ position: Int, ofAxis axis: Int) -> Tensor {
        let stride = shape.strides[axis]
        let length = shape[axis]
        var result = self
        result.mutateElements { elements in
            for start in Swift.stride(from: position * stride, to: elements.count, by: stride * length) {
                for index in start..<start + stride { elements[index] = 0 }
            }
        }
        return result
    }
}
