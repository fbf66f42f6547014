import Graphs
import Tensors

/// Score-CAM (Wang et al. 2020), raw: without the final ReLU.
package struct ScoreCAM: ProcedureMethod {
    package static let description = MethodDescription(
        name: "scorecam", family: .classActivation,
        summary: "Channels of a layer, weighted by the score of the picture seen through each of them.",
        formula:
            "H_k = A_k enlarged to the input, brought to 0...1 (0 where it is constant);   w = softmax_k S(x ⊙ H_k);   L = Σ_k w_k A_k",
        paper:
            "Wang, Wang, Du, Yang, Zhang, Ding, Mardziel, Hu: Score-CAM, CVPR workshops 2020",
        result: "[B, H, W] of the layer; of the input with variant=official", place: .layer,
        cost: "2 forward passes, and 1 for every channel of the layer",
        fits: "pictures and models with a spatial layer; no gradients are needed",
        remarks:
            "How scores become weights decides the map: the softmax of logits can pick one channel of hundreds, that of probabilities is nearly even (score=prob). Masks dim towards 0 in the model's numbers, which is mean grey after normalisation. variant=align-corners is pytorch-grad-cam's enlarging, normalise-first is torchcam's. variant=official is the authors' code: weights are softmax probabilities as they are, constant channels are left out, and the sum is at the input's size. weights=linear and relu take S(x ⊙ H_k) - S(0) (official: without S(0)). Channels are asked in the order of their variance, so --time keeps those that vary most.",
        parameters: [
            variant.description, score.description, weighting.description, channels.description,
        ], display: .positive)

    /// Whose masks and weights.
    package enum Variant: String, CaseIterable, Sendable {
        case paper
        case alignCorners = "align-corners"
        case normaliseFirst = "normalise-first"
        case official

        fileprivate var form: ChannelMasks.Form {
            switch self {
            case .paper, .official: .enlargedFirst
            case .alignCorners: .cornersAligned
            case .normaliseFirst: .normalisedFirst
            }
        }
    }

    private static let variant = MethodParameter<Variant>.choice("variant", .paper, "whose masks and weights")
    private static let score = MethodParameter<JudgedScore?>(
        "score", nil, written: "variant",
        "what judges a masked picture: the target as it is given, its logit or its softmax probability, or what the variant has (official: prob, else target); one of variant, target, logit, prob"
    ) { text in
        text == "variant" ? .some(nil) : JudgedScore(rawValue: text).map { .some($0) }
    }
    private static let weighting = MethodParameter<ChannelWeighting?>(
        "weights", nil, written: "variant",
        "how scores become weights, or what the variant has (official: linear, else softmax); one of variant, softmax, linear, relu"
    ) { text in
        text == "variant" ? .some(nil) : ChannelWeighting(rawValue: text).map { .some($0) }
    }
    private static let channels = MethodParameter<Int>.channels(.max)

    private let variant: Variant
    private let score: JudgedScore
    private let weighting: ChannelWeighting
    private let channels: Int

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        variant = try parameters.value(Self.variant)
        score = try parameters.value(Self.score) ?? (variant == .official ? .prob : .target)
        weighting = try parameters.value(Self.weighting) ?? (variant == .official ? .linear : .softmax)
        channels = try parameters.value(Self.channels)
    }

    package var requirements: [MethodRequirement] { [.picture, .pictureLayer] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let (choice, maps) = try experiment.layerMap()
        let planes = try experiment.planes()
        let masks = ChannelMasks(maps, over: (planes.height, planes.width), form: variant.form)
        let (varying, constant) = masks.strongest(channels)
        let masked = try MaskedScores(
            try score.experiment(experiment), channels: varying, unseen: variant == .official ? [] : constant,
            of: maps.shape[0]
        ) { channel, _ in planes.masked(experiment.input, by: masks.mask(channel)) }
        var result = ProcedureResult(
            maps, at: choice, judgedBy: masked, weighting, from: variant == .official ? 0 : masked.baseline)
        guard variant == .official else { return result }
        // Enlarging is linear, so the sum of enlarged channels is the enlarged sum.
        result.values = masks.enlarged(result.values)
        result.layer = nil
        result.notes.append("the map is at the input's size, made at the layer '\(choice.layer.name)'")
        return result
    }
}

extension PicturePlanes {
    /// The picture with every channel multiplied by a mask `[H, W]`.
    func masked(_ picture: Tensor<Float>, by mask: Tensor<Float>) -> Tensor<Float> {
        blend(picture, over: Tensor(repeating: 0, shape: picture.shape), by: mask)
    }
}
