import Tensors

/// How much the score falls where windows at random places hide the picture.
package struct RandomOcclusion: ProcedureMethod {
    static let samples = MethodParameter<Int>.integer("samples", 1000, in: 1...10_000_000, "how many windows")
    static let seed = MethodParameter<Int>.integer("seed", 0, in: 0...Int.max, "of the windows' places")

    package static let description = MethodDescription(
        name: "random-occlusion", family: .perturbation,
        summary: "How much the score falls where windows at random places hide the picture.",
        formula: "M(p) = mean over the random windows r that cover p of S(x) - S(x with x̄ inside r)",
        paper: "Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014, with random places",
        result: "[B, 1, H, W] of the input", place: .input, cost: "1 forward pass a window, and 1",
        fits: "every model with a picture as input; no gradients are needed",
        remarks:
            "Any number of runs gives a map of the whole picture, without the sliding window's lattice; the sliding window is exact sooner. Centres are equally likely everywhere, so windows stick out over the border and its pixels are covered about half as often.",
        parameters: [
            samples.description, Occlusion.window.description, HiddenPixels.parameter.description, seed.description,
        ], display: .positive)

    private let samples: Int
    private let window: Extent
    private let baseline: HiddenPixels
    private let seed: Int

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        samples = try parameters.value(Self.samples)
        window = try parameters.value(Occlusion.window)
        baseline = try parameters.value(HiddenPixels.parameter)
        seed = try parameters.value(Self.seed)
    }

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let planes = try experiment.planes()
        var generator = SeededGenerator(seed: UInt64(seed))
        let windows = (0..<samples).map { _ in Window.random(in: planes, size: window, from: &generator) }
        return try experiment.falls(behind: windows, hiddenBy: baseline)
    }
}
