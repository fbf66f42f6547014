import Graphs
import Tensors

/// IS-CAM: Score-CAM integrated from nothing to the masked picture (Naidu et al. 2020).
package struct IntegratedScoreCAM: ProcedureMethod {
    package static let description = MethodDescription(
        name: "iscam", family: .classActivation,
        summary: "Score-CAM whose channels are judged by the mean score on the way from zeros to the masked picture.",
        formula:
            "S_k = mean_i S(c_i x ⊙ H_k) with c_i = i / steps for i = 1...steps, H_k as in scorecam;   w = softmax_k S_k;   L = Σ_k w_k A_k",
        paper: "Naidu, Ghosh, Maurya, Nayak, Kundu: IS-CAM, 2020 (arXiv 2010.03023)",
        result: "[B, H, W] of the layer", place: .layer,
        cost: "2 forward passes, and `steps` for every channel of the layer",
        fits: "pictures and models with a spatial layer; no gradients are needed",
        remarks:
            "A saturated score does not hide what a channel adds. path=cumulative sums the shares as it goes, c_i = (1 + ... + i) / steps, as torchcam does: the last of ten then are pictures 5.5 times as bright.",
        parameters: [
            steps.description, path.description, score.description, weighting.description, channels.description,
        ], display: .positive)

    /// Which shares of the masked picture.
    package enum Path: String, CaseIterable, Sendable {
        case linear
        case cumulative

        fileprivate func share(_ step: Int, of steps: Int) -> Float {
            let number = Double(step + 1)
            return Float((self == .linear ? number : number * (number + 1) / 2) / Double(steps))
        }
    }

    private static let steps = MethodParameter<Int>.integer("steps", 10, in: 1...10_000, "how many shares")
    private static let path = MethodParameter<Path>.choice("path", .linear, "which shares")
    private static let score = JudgedScore.parameter(.target)
    private static let weighting = MethodParameter<ChannelWeighting>.choice(
        "weights", .softmax, "how scores become weights")
    private static let channels = MethodParameter<Int>.channels(.max)

    private let steps: Int
    private let path: Path
    private let score: JudgedScore
    private let weighting: ChannelWeighting
    private let channels: Int

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        steps = try parameters.value(Self.steps)
        path = try parameters.value(Self.path)
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
        var masked = (channel: -1, values: experiment.input)
        let scores = try MaskedScores(
            try score.experiment(experiment), channels: varying, unseen: constant, of: maps.shape[0],
            repetitions: steps
        ) { channel, step in
            if masked.channel != channel {
                masked = (channel, planes.masked(experiment.input, by: masks.mask(channel)))
            }
            let share = path.share(step, of: steps)
            return masked.values.map { share * $0 }
        }
        return ProcedureResult(maps, at: choice, judgedBy: scores, weighting, from: scores.baseline)
    }
}
