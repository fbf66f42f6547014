import Graphs
import Tensors

/// Score-CAM of the few channels that vary most (Tabayashi 2020).
package struct FasterScoreCAM: ProcedureMethod {
    package static let description = MethodDescription(
        name: "faster-scorecam", family: .classActivation,
        summary: "Score-CAM of the few channels that vary most over the picture.",
        formula:
            "L = Σ_k P(x ⊙ H_k) A_k over the channels of largest deviation, H_k as in scorecam, P the softmax probability",
        paper:
            "Tabayashi: Faster Score-CAM, 2020 (code; also in tf-keras-vis), after Wang et al.: Score-CAM, CVPR workshops 2020",
        result: "[B, H, W] of the layer", place: .layer, cost: "2 forward passes, and 1 for each of the channels",
        fits: "pictures and models with a spatial layer; no gradients are needed",
        remarks:
            "Which channels take part does not depend on the class, so a class whose channels vary little is not found among ten of hundreds: compare with more of them. tf-keras-vis enlarges channels by splines; here it is bilinear, as in scorecam.",
        parameters: [channels.description, score.description, weighting.description], display: .positive)

    private static let channels = MethodParameter<Int>.channels(10)
    private static let score = JudgedScore.parameter(.prob)
    private static let weighting = MethodParameter<ChannelWeighting>.choice(
        "weights", .linear, "how scores become weights")

    private let channels: Int
    private let score: JudgedScore
    private let weighting: ChannelWeighting

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        channels = try parameters.value(Self.channels)
        score = try parameters.value(Self.score)
        weighting = try parameters.value(Self.weighting)
    }

    package var requirements: [MethodRequirement] { [.picture, .pictureLayer] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let (choice, maps) = try experiment.layerMap()
        let planes = try experiment.planes()
        let masks = ChannelMasks(maps, over: (planes.height, planes.width))
        let masked = try MaskedScores(
            try score.experiment(experiment), channels: masks.strongest(channels).varying, of: maps.shape[0]
        ) { channel, _ in planes.masked(experiment.input, by: masks.mask(channel)) }
        return ProcedureResult(maps, at: choice, judgedBy: masked, weighting, from: 0)
    }
}
