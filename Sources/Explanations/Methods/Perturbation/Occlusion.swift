import Tensors

/// How much the score falls where a window hides the picture (Zeiler and Fergus 2014).
package struct Occlusion: ProcedureMethod {
    static let window = MethodParameter<Extent>.extent(
        "window", Extent(height: 15, width: 15), "the size of the window in pixels of the model's input")
    static let stride = MethodParameter<Extent>.extent(
        "stride", Extent(height: 8, width: 8), "how far the window moves from one run to the next")

    package static let description = MethodDescription(
        name: "occlusion", family: .perturbation,
        summary: "How much the score falls where a sliding window hides the picture.",
        formula: "M(p) = mean over the windows r that cover p of S(x) - S(x with x̄ inside r)",
        paper: "Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014",
        result: "[B, 1, H, W] of the input", place: .input,
        cost: "1 forward pass a window: (1 + ⌈(H - h) / s⌉) (1 + ⌈(W - w) / s⌉), and 1",
        fits: "every model with a picture as input; no gradients are needed",
        remarks:
            "It measures what the model really does to changed pictures, but only for the window's size: evidence that is there twice hides from it. Each pixel is divided by the number of windows that cover it; PAIR's saliency sums them instead, so that its borders fade. The baseline decides what \"hidden\" means, and its edges can be evidence themselves.",
        parameters: [window.description, stride.description, HiddenPixels.parameter.description], display: .positive)

    private let window: Extent
    private let stride: Extent
    private let baseline: HiddenPixels

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        window = try parameters.value(Self.window)
        stride = try parameters.value(Self.stride)
        baseline = try parameters.value(HiddenPixels.parameter)
    }

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        var windows = Window.sliding(over: try experiment.planes(), size: window, stride: stride)
        // A run that ends early has then looked everywhere a little.
        var generator = SeededGenerator(seed: 0)
        windows.shuffle(using: &generator)
        return try experiment.falls(behind: windows, hiddenBy: baseline)
    }
}

extension Experiment {
    /// The mean fall of the score behind windows.
    func falls(behind windows: [Window], hiddenBy baseline: HiddenPixels) throws -> ProcedureResult {
        let planes = try planes()
        let picture = try baseline.picture(of: self)
        let score = Double(try answers(at: [input]).scores[0])
        var means = WindowMeans(planes)
        try stream(windows.count) {
            picture.hiding(windows[$0].places(width: planes.width))
        } consume: { range, answers in
            for (index, hidden) in zip(range, answers.scores) {
                means.add(score - Double(hidden), over: windows[index])
            }
            return true
        }
        return ProcedureResult(means.map, notes: means.notes)
    }
}
