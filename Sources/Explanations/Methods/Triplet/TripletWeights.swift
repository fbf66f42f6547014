import Graphs
import Tensors

/// The channel weights of a triplet loss, for storing and transferring (Chen et al. 2020).
package struct TripletWeights: StackMethod {
    package static let description = MethodDescription(
        name: "triplet-weights", family: .rawMaterial, summary: "The channel weights of Grad-CAM on a triplet loss.",
        formula: "α_k = mean over triplets and ij of ∂L/∂A_k,ij (anchor); 0 beyond the M largest",
        paper: "Chen, Chen, Hackel, Xia, Yang: Adapting Grad-CAM for Embedding Networks, WACV 2020",
        result: "[C]", place: .layer,
        cost: "3 forward passes a triplet, and 1 forward and 1 backward pass down to the layer",
        fits: "models whose target names an embedding",
        remarks:
            "Signed: +α raises the loss. What a database of training pictures keeps beside their embeddings: the nearest neighbour's weights make a map of a new picture without any gradient. Needs no --input.",
        parameters: Triplets.descriptions)

    private let triplets: Triplets

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        triplets = try Triplets(&parameters)
    }

    package func result(of question: StackQuestion) throws -> StackResult {
        let outcome = try triplets.outcome(of: question)
        return StackResult(
            Tensor(vector: outcome.weights), layer: outcome.layer, scores: outcome.losses, notes: outcome.notes)
    }
}
