import Graphs
import Tensors

/// Grad-CAM of a triplet loss, for embedding networks (Chen et al. 2020).
package struct TripletGradCAM: StackMethod {
    package static let description = MethodDescription(
        name: "triplet-gradcam", family: .classActivation,
        summary: "Where anchors have what their distances to a positive and a negative picture depend on.",
        formula:
            "α_k = mean over triplets and ij of ∂L/∂A_k,ij (anchor), L = D(a,p) - D(a,n), D = ‖f - f'‖²;   map of an anchor = Σ_k α_k A_k over the M largest α_k",
        paper: "Chen, Chen, Hackel, Xia, Yang: Adapting Grad-CAM for Embedding Networks, WACV 2020",
        result: "[N, H, W] of the layer, one map an anchor", place: .layer,
        cost: "3 forward passes a triplet, and 1 forward and 1 backward pass down to the layer",
        fits: "models whose target names an embedding; a last scaling to length 1 is differentiated, too",
        remarks:
            "Signed: +α raises the loss, so it pushes the anchor from the positive to the negative; what holds them apart is negative. With loss=hinge triplets that are apart already give no gradient at all: use active ones, or loss=distance. The paper keeps about the 50 largest weights. Needs no --input.",
        parameters: Triplets.descriptions, display: .positive)

    private let triplets: Triplets

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        triplets = try Triplets(&parameters)
    }

    package func result(of question: StackQuestion) throws -> StackResult {
        let outcome = try triplets.outcome(of: question)
        let maps = (0..<outcome.maps.shape[0]).map { outcome.maps.slice($0).channelSum(weightedBy: outcome.weights) }
        return StackResult(
            try Tensor.stacking(maps), layer: outcome.layer, scores: outcome.losses, notes: outcome.notes,
            companions: ["weights": Tensor(vector: outcome.weights)])
    }
}
