package import Graphs
import Tensors

/// The Feature Explanation Method (Fuad et al. 2020).
package struct FeatureExplanation: GraphMethod {
    package static let description = MethodDescription(
        name: "fem", family: .classActivation,
        summary: "Where the channels of a layer are unusually strong, each counted by its mean.",
        formula: "B_k = 1 where A_k > μ_k + k σ_k (mean and deviation over the cells), else 0;   L = Σ_k μ_k B_k",
        paper:
            "Fuad, Martin, Giot, Bourqui, Benois-Pineau, Zemmari: Features understanding in 3D CNNs for actions recognition in video, IPTA 2020",
        result: "[B, H, W] of the layer", place: .layer, cost: "1 forward pass",
        fits: "models with a spatial layer; no gradients are needed",
        remarks:
            "Knows no class: the same map for each. Binary, so a cell's share jumps where its activation crosses the threshold, and a channel with fewer than k² + 1 cells never crosses it. variant=pytorch-grad-cam is that package's: L = Σ_k mean(B_k) A_k.",
        parameters: [deviations.description, variant.description], display: .positive)

    /// Whose combination of the binary maps.
    package enum Variant: String, CaseIterable, Sendable {
        case paper
        case pytorchGradCAM = "pytorch-grad-cam"
    }

    private static let deviations = MethodParameter<Double>.number(
        "k", 2, in: 0...100, "by how many standard deviations a strong cell exceeds the mean")
    private static let variant = MethodParameter<Variant>.choice("variant", .paper, "whose combination")

    private let deviations: Double
    private let variant: Variant

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        deviations = try parameters.value(Self.deviations)
        variant = try parameters.value(Self.variant)
    }

    package func gradients(in question: Question) throws -> [GradientRequest] { [] }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let (layer, layout) = try question.question.spatialLayer(for: Self.description.name)
        let map = question.map(of: layer.value, layout)
        let mean = question.spatialMean(map, layout)
        let difference = question.emit("Sub", [map, mean])
        let variance = question.spatialMean(question.emit("Mul", [difference, difference]), layout)
        let threshold = question.emit("Mul", [question.emit("Sqrt", [variance]), question.scalar(deviations)])
        let isStrong = question.emit("Greater", [difference, threshold])
        let strong = question.emit("Cast", [isStrong], ["to": .integer(Int(ElementType.float32.rawValue))])
        switch variant {
        case .paper: return question.channelSum(strong, weightedBy: mean)
        case .pytorchGradCAM: return question.channelSum(map, weightedBy: question.spatialMean(strong, layout))
        }
    }
}
