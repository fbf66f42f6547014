import Graphs
import Tensors

/// RefineCAM: the product of maps at several layers (Domeniconi et al. 2026).
package struct RefineCAM: ProcedureMethod {
    package static let description = MethodDescription(
        name: "refinecam", family: .classActivation,
        summary:
            "The product of a class activation method's maps at several layers: sharp where an early layer is, silent where a late one is.",
        formula: "L = Π_l U(N(max(L_l, 0))), N to 0...1 between the extremes, U bilinear to the input's size",
        paper: "Domeniconi, Stramiglio, Lombardi, Salti: How to Evaluate and Refine your CAM, 2026 (arXiv 2605.14641)",
        result: "[B, H, W] of the input", place: .layer, cost: "the base method's, once for every layer",
        fits: "pictures and models with several spatial layers",
        remarks:
            "Fine as an early layer, and quiet wherever a single layer is quiet: a layer whose map is empty empties the product. By default the layers are the four deepest that the automatic choice is made among, one of each resolution. The default base tells classes apart less than of=gradcam. The authors' code also has other means than the product.",
        parameters: [WrappedMethod.parameter(default: "gradcam++"), layers.description], display: .positive)

    private static let layers = MethodParameter<[String]?>.layers("where the base makes its maps")

    /// By default: the paper's example has the four stages of a ResNet; maps before them are mostly edges.
    private static let most = 4

    private let base: MethodSpecification
    private let layers: [String]?

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        layers = try parameters.value(Self.layers)
        base = try WrappedMethod(&parameters, default: "gradcam++").specification
    }

    package var requirements: [MethodRequirement] {
        [.picture, .pictureLayer, .pictureLayers(Self.most), .method(base)]
    }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let planes = try experiment.planes()
        let names = try layers ?? experiment.question.layerCandidates().prefix(Self.most).map(\.layer.tensorName)
        guard !names.isEmpty else {
            throw ExplanationError.unsuitable(
                method: Self.description.name, reason: "the model has no spatial layer; name some with layers=…")
        }
        var product = Tensor<Float>(repeating: 1, shape: [planes.height, planes.width])
        var notes = ["the product of maps at \(names.joined(separator: ", "))"]
        for name in names {
            let there = try experiment.experiment(atLayer: name)
            _ = try there.question.pictureLayer(for: Self.description.name)
            let result = try there.result(of: base)
            notes += result.notes
            let map = result.values.map { max($0, 0) }.broughtToUnitRange
            if !map.elements.contains(where: { $0 > 0 }) {
                notes.append("the map at '\(name)' has no positive part that varies, so the product is empty")
            }
            let enlarged = try map.resampled(height: planes.height, width: planes.width)
            product.mutateElements { elements in
                for index in elements.indices { elements[index] *= enlarged.elements[index] }
            }
        }
        return ProcedureResult(product, notes: notes)
    }
}
