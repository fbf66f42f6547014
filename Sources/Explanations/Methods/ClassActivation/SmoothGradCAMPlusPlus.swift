import Graphs
import Tensors

/// Smooth Grad-CAM++ (Omeiza et al. 2019), raw: without the final ReLU.
package struct SmoothGradCAMPlusPlus: ProcedureMethod {
    package static let description = MethodDescription(
        name: "smooth-gradcam++", family: .classActivation,
        summary: "Grad-CAM++ with gradients that are means over noisy copies of the picture.",
        formula:
            "D_n = mean over noisy inputs of Gⁿ;   α = D_2 / (2 D_2 + Σ_ab A_ab D_3), 0 where that is not defined;   w_k = Σ_ij α max(D_1, 0);   L = Σ_k w_k A_k, A of the clean input",
        paper: "Omeiza, Speakman, Cintas, Weldermariam: Smooth Grad-CAM++, 2019 (arXiv 1908.01224)",
        result: "[B, H, W] of the layer, [B, D, H, W] over a volume; [B V, H, W] of V views", place: .layer,
        cost: "1 forward pass, and for every sample 1 forward pass and 1 backward pass down to the layer",
        fits: "models with a spatial layer behind a ReLU and backward rules behind it",
        remarks:
            "Steadier than gradcam++ where the gradient jumps; where the layer has negative values α has poles. variant=paper has D_1 above the fraction's bar, as the paper's text. variant=torchcam is what that package computes: the gradient and the activation of the last noisy copy, and Σ A D_3 in place of Σ A · D_3.",
        parameters: NoisyCopies.parameters().descriptions + [variant.description], display: .positive)

    /// Whose weights.
    package enum Variant: String, CaseIterable, Sendable {
        case squared
        case paper
        case torchcam
    }

    private static let variant = MethodParameter<Variant>.choice(
        "variant", .squared, "whose weights: the formula's, with D_1 for D_2 above the bar, or torchcam's")

    private let copies: NoisyCopies
    private let variant: Variant

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        copies = try NoisyCopies(&parameters)
        variant = try parameters.value(Self.variant)
    }

    package var requirements: [MethodRequirement] { [.layer, .layerGradient] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let (choice, clean) = try experiment.layerMaps()
        var maps = clean
        let source = try copies.source(for: experiment)
        var moments = GradientMoments(count: clean.values.elements.count)
        var methods = [try MethodSpecification(parsing: "layer-gradient:layout=map")]
        if variant == .torchcam { methods.append(try MethodSpecification(parsing: "activation:layout=map")) }
        try experiment.stream(source.count, of: methods) {
            source.copy($0)
        } consume: { range, answers in
            for row in 0..<range.count { moments.add(answers.results[0].slice(row).elements) }
            if variant == .torchcam {
                maps = try LayerMaps(answers.results[1].slice(range.count - 1), places: clean.lengths.count)
            }
            return true
        }
        let weights = weights(moments, clean)
        return ProcedureResult(
            try maps.channelSum(weightedBy: weights), layer: choice,
            companions: [
                "weights": try Tensor(
                    shape: maps.pictures > 1 ? [maps.pictures, maps.channels] : [maps.channels], elements: weights)
            ])
    }

    /// One weight a channel of each picture.
    private func weights(_ moments: GradientMoments, _ clean: LayerMaps) -> [Float] {
        let (maps, cells) = (clean.values, clean.cells)
        return (0..<clean.pictures * clean.channels).map { channel in
            let range = channel * cells..<(channel + 1) * cells
            let scale = maps.elements[range].reduce(0.0) { $0 + Double($1) }
            let weighted = range.reduce(0.0) { $0 + Double(maps.elements[$1]) * moments.cube($1) }
            let weight = range.reduce(0.0) { sum, index in
                let square = moments.square(index)
                let numerator = variant == .paper ? moments.mean(index) : square
                let denominator =
                    variant == .torchcam ? 2 * square + weighted + 1e-8 : 2 * square + scale * moments.cube(index)
                let gradient = variant == .torchcam ? moments.last(index) : moments.mean(index)
                return sum + (denominator == 0 ? 0 : numerator / denominator * max(gradient, 0))
            }
            return Float(weight)
        }
    }
}

/// Means of powers of gradients, in double precision: the cube of 10^-16 is no float32.
private struct GradientMoments {
    private var sums: [[Double]]
    private var newest: [Float]
    private var samples = 0

    init(count: Int) {
        sums = [[Double]](repeating: [Double](repeating: 0, count: count), count: 3)
        newest = [Float](repeating: 0, count: count)
    }

    mutating func add(_ gradient: [Float]) {
        samples += 1
        newest = gradient
        for (index, value) in gradient.enumerated() {
            let value = Double(value)
            sums[0][index] += value
            sums[1][index] += value * value
            sums[2][index] += value * value * value
        }
    }

    func mean(_ index: Int) -> Double { sums[0][index] / Double(max(samples, 1)) }
    func square(_ index: Int) -> Double { sums[1][index] / Double(max(samples, 1)) }
    func cube(_ index: Int) -> Double { sums[2][index] / Double(max(samples, 1)) }
    func last(_ index: Int) -> Double { Double(newest[index]) }
}
