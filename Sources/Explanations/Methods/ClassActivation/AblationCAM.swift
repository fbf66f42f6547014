import Graphs
import Tensors

/// Channels of a layer, weighted by how much the score falls without them (Desai and Ramaswamy 2020).
package struct AblationCAM: ProcedureMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "ablationcam", family: .classActivation,
        summary: "Channels of a layer, weighted by how much the score falls when they are set to zero.",
        formula: "w_k = (S - S_k) / S with S_k the score where A_k = 0;   L = Σ_k w_k A_k",
        paper: "Desai, Ramaswamy: Ablation-CAM, WACV 2020", result: "[B, H, W] of the layer", place: .layer,
        cost: "1 forward pass, and 1 pass behind the layer for every channel",
        fits: "models with a spatial layer; no gradients are needed",
        remarks:
            "Free of gradients, so saturation does not silence it. Dividing by S turns the map over where the score is negative: the sign of the weights is then that of (S - S_k) / S, as in the paper. pytorch-grad-cam puts min(A) - 1e7 in place of 0, which is another method.",
        display: .positive)

    package init() {}

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let (choice, maps) = try experiment.layerMap()
        let score = try experiment.answers(at: [experiment.input]).scores[0]
        let (channels, cells) = (maps.shape[0], maps.shape[1] * maps.shape[2])
        var weights = [Float](repeating: 0, count: channels)
        try experiment.streamBehindLayer(channels) { channel in
            var ablated = maps
            ablated.mutateElements { elements in
                for index in channel * cells..<(channel + 1) * cells { elements[index] = 0 }
            }
            return ablated
        } consume: { range, scores in
            for (channel, ablated) in zip(range, scores) {
                weights[channel] = score == 0 ? 0 : (score - ablated) / score
            }
            return true
        }
        return ProcedureResult(
            maps.channelSum(weightedBy: weights), layer: choice,
            notes: score == 0 ? ["the score is 0, so the weights of ablationcam, which divide by it, are all 0"] : [],
            companions: ["weights": Tensor(vector: weights)])
    }
}
