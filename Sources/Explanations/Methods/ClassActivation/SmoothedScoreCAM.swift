import Graphs
import Tensors

/// SS-CAM: Score-CAM with noise on the masks (Wang et al. 2020).
package struct SmoothedScoreCAM: ProcedureMethod {
    package static let description = MethodDescription(
        name: "sscam", family: .classActivation,
        summary: "Score-CAM whose channels are judged by the mean score over noisy masks.",
        formula:
            "S_k = mean_i S(x ⊙ (H_k + δ_i)) with δ_i ~ N(0, sigma²) pixel by pixel, H_k as in scorecam;   w = softmax_k S_k;   L = Σ_k w_k A_k",
        paper: "Wang, Naidu, Michael, Kundu: SS-CAM, 2020 (arXiv 2006.14255)",
        result: "[B, H, W] of the layer", place: .layer,
        cost: "2 forward passes, and `samples` for every channel of the layer",
        fits: "pictures and models with a spatial layer; no gradients are needed",
        remarks:
            "The paper's deviation of 2 drowns masks of 0...1, so that what is judged is mostly noise times the picture: a smaller one (0.2) keeps the mask. Dear: a layer of 1280 channels takes 44800 passes by default; channels=50 or --time bound it.",
        parameters: [
            samples.description, sigma.description, seed.description, score.description, weighting.description,
            channels.description,
        ], display: .positive)

    private static let samples = MethodParameter<Int>.integer(
        "samples", 35, in: 1...100_000, "how many noisy masks a channel has")
    private static let sigma = MethodParameter<Double>.number(
        "sigma", 2, in: 0...1000, "the noise's standard deviation, for masks of 0 to 1")
    private static let seed = MethodParameter<Int>.integer("seed", 0, in: 0...Int.max, "of the noise")
    private static let score = JudgedScore.parameter(.target)
    private static let weighting = MethodParameter<ChannelWeighting>.choice(
        "weights", .softmax, "how scores become weights")
    private static let channels = MethodParameter<Int>.channels(.max)

    private let samples: Int
    private let sigma: Double
    private let seed: Int
    private let score: JudgedScore
    private let weighting: ChannelWeighting
    private let channels: Int

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        samples = try parameters.value(Self.samples)
        sigma = try parameters.value(Self.sigma)
        seed = try parameters.value(Self.seed)
        score = try parameters.value(Self.score)
        weighting = try parameters.value(Self.weighting)
        channels = try parameters.value(Self.channels)
    }

    package var requirements: [MethodRequirement] { [.picture, .pictureLayer] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let (choice, maps) = try experiment.layerMap()
        let planes = try experiment.planes()
        let masks = ChannelMasks(maps, over: (planes.height, planes.width))
        let (varying, constant) = masks.strongest(channels)
        var generator = SeededGenerator(seed: UInt64(seed))
        var mask = (channel: -1, values: maps)
        let masked = try MaskedScores(
            try score.experiment(experiment), channels: varying + constant, of: maps.shape[0], repetitions: samples
        ) { channel, _ in
            if mask.channel != channel { mask = (channel, masks.mask(channel)) }
            let noisy = mask.values.map { $0 + Float(sigma * generator.nextNormal()) }
            return planes.masked(experiment.input, by: noisy)
        }
        return ProcedureResult(maps, at: choice, judgedBy: masked, weighting, from: masked.baseline)
    }
}
