package import Graphs

/// Eigen-CAM (Bany Muhammad and Yeasin 2020).
package struct EigenCAM: GraphMethod {
    package static let description = MethodDescription(
        name: "eigencam", family: .classActivation,
        summary:
            "What most cells of a layer have in common: their channels, projected on the first principal direction.",
        formula: "M = A as a matrix [H W, C] = U Σ Vᵀ;   L = M v_1, its value of largest magnitude positive",
        paper: "Bany Muhammad, Yeasin: Eigen-CAM, IJCNN 2020", result: "[B, H, W] of the layer", place: .layer,
        cost: "1 forward pass", fits: "models with a spatial layer; no gradients are needed",
        remarks:
            "Knows no class: the same map for each. The sign is arbitrary and fixed by convention, and where the first two singular values are close, a small change of the picture gives another map. Without centring, the first direction of a layer behind a ReLU is mostly its mean, so the map shows how strongly cells are activated at all; center=true (pytorch-grad-cam) takes the mean off first, and the map shows in what cells differ.",
        parameters: [centred(false).description], display: .positive)

    /// Whether the channels' means are taken off.
    static func centred(_ isDefault: Bool) -> MethodParameter<Bool> {
        .flag("center", isDefault, "take every channel's mean off before")
    }

    private let isCentred: Bool

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        isCentred = try parameters.value(Self.centred(false))
    }

    package func gradients(in question: Question) throws -> [GradientRequest] { [] }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let (layer, layout) = try question.question.spatialLayer(for: Self.description.name)
        let map = question.map(of: layer.value, layout)
        return question.principalComponent(of: map, layout, centred: isCentred)
    }
}
