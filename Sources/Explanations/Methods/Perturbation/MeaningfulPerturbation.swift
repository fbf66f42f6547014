import Tensors

/// The smallest smooth mask that takes the score away (Fong and Vedaldi 2017).
package struct MeaningfulPerturbation: ProcedureMethod {
    private static let iterations = MethodParameter<Int>.integer("iterations", 300, in: 1...100_000, "steps of Adam")
    private static let grid = MethodParameter<Int>.integer(
        "grid", 14, in: 2...512, "cells along each side of the mask, which is enlarged bilinearly")
    private static let area = MethodParameter<Double>.number("l1", 0.5, in: 0...1e6, "the weight of the deleted area")
    private static let variation = MethodParameter<Double>.number("tv", 1, in: 0...1e6, "the weight of the roughness")
    private static let exponent = MethodParameter<Double>.number("beta", 2, in: 1...10, "the roughness' exponent")
    private static let rate = MethodParameter<Double>.number("rate", 0.1, in: 1e-6...10, "Adam's learning rate")
    private static let noise = MethodParameter<Double>.number(
        "noise", 0.04, in: 0...10, "noise on the picture at every step, as a part of the input's range")
    private static let jitter = MethodParameter<Double>.number(
        "jitter", 4, in: 0...64, "how far at most the mask is moved at random at every step, in pixels of the input")
    private static let seed = MethodParameter<Int>.integer("seed", 0, in: 0...Int.max, "of noise and jitter")
    private static let baseline = MethodParameter<Baseline>.baseline("blur", "what shows where the mask deletes")

    package static let description = MethodDescription(
        name: "meaningful-perturbation", family: .perturbation,
        summary: "The smallest smooth mask that takes the score away.",
        formula:
            "M = 1 - argmin over m of max(s(m x + (1 - m) x̄), 0) + l1 mean|1 - m| + tv (mean|∂_y m|^β + mean|∂_x m|^β);   s = (S - S(x̄)) / (S(x) - S(x̄))",
        paper: "Fong, Vedaldi: Interpretable Explanations of Black Boxes by Meaningful Perturbation, ICCV 2017",
        result: "[B, 1, H, W] of the input, 0 to 1", place: .input, cost: "1 forward and 1 backward pass an iteration",
        fits: "models with backward rules throughout",
        remarks:
            "The mask is what an optimiser finds: weights decide its size, and other seeds give other details. The paper's weights (28 cells, exponent 3, roughness 0.2) are made for probabilities and a mask that is blurred as well, and without that blur give ragged maps; here the score is scaled to 1 for the picture and 0 for the baseline, so that the weights mean the same for logits, and the deleted area is weighed higher than the released code's 0.01. The score below the baseline's counts as 0: further deletion would look for what speaks against the class.",
        parameters: [
            iterations.description, grid.description, area.description, variation.description, exponent.description,
            rate.description, noise.description, jitter.description, baseline.description, seed.description,
        ], display: .positive)

    private let iterations: Int
    private let grid: Int
    private let area: Double
    private let variation: Double
    private let exponent: Double
    private let rate: Double
    private let noise: Double
    private let jitter: Double
    private let baseline: Baseline
    private let seed: Int

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        iterations = try parameters.value(Self.iterations)
        grid = try parameters.value(Self.grid)
        area = try parameters.value(Self.area)
        variation = try parameters.value(Self.variation)
        exponent = try parameters.value(Self.exponent)
        rate = try parameters.value(Self.rate)
        noise = try parameters.value(Self.noise)
        jitter = try parameters.value(Self.jitter)
        baseline = try parameters.value(Self.baseline)
        seed = try parameters.value(Self.seed)
    }

    package var requirements: [MethodRequirement] { [.picture, .inputGradient] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let score = try BlendedScore(experiment, background: baseline, gradient: Gradient())
        let planes = score.planes
        let roughness = TotalVariation(exponent: exponent)
        var generator = SeededGenerator(seed: UInt64(seed))
        var cells = [Double](repeating: 1, count: grid * grid)
        var adam = Adam(count: cells.count, rate: rate)
        var best = (loss: Double.infinity, cells: cells, score: 1.0)
        try experiment.repeating(iterations) { _ in
            let (down, right) = (shift(&generator), shift(&generator))
            let rows = taps(to: planes.height, movedBy: down)
            let columns = taps(to: planes.width, movedBy: right)
            var (value, slopes) = try score.value(
                ofMask: enlarged(cells, rows, columns), noise: noise(on: experiment.input, &generator))
            // The evidence is gone at the baseline's score.
            if value < 0 { slopes = slopes.map { _ in 0 } }
            let rough = roughness.value(of: cells, height: grid, width: grid)
            let deleted = cells.reduce(0) { $0 + 1 - $1 } / Double(cells.count)
            let loss = max(value, 0) + area * deleted + variation * rough.value
            if loss < best.loss { best = (loss, cells, value) }
            var gradient = MapTaps.adjoint(rows: rows, columns: columns, of: slopes, height: grid, width: grid)
            for index in gradient.indices {
                gradient[index] += variation * rough.gradient[index] - area / Double(cells.count)
            }
            adam.descend(&cells, gradient: gradient)
            return true
        }
        let mask = enlarged(
            best.cells, taps(to: planes.height, movedBy: 0), taps(to: planes.width, movedBy: 0))
        return ProcedureResult(
            try mask.map { 1 - $0 }.reshaped([1, planes.height, planes.width]),
            checks: [
                score.check,
                SelfCheck(
                    "score left", best.score, "the scaled score behind the mask, 1 for the picture, 0 for the baseline"),
                SelfCheck(
                    "deleted area", best.cells.reduce(0) { $0 + 1 - $1 } / Double(best.cells.count),
                    "the mean of the map"),
            ])
    }

    private func shift(_ generator: inout SeededGenerator) -> Double {
        jitter > 0 ? (2 * generator.nextUniform() - 1) * jitter : 0
    }

    /// Where the cells lie that pixels along one side see when the mask is moved by some pixels.
    private func taps(to length: Int, movedBy shift: Double) -> MapTaps {
        let ratio = Double(grid) / Double(length)
        return MapTaps(
            positions: (0..<length).map { (Double($0) - shift + 0.5) * ratio - 0.5 }, length: grid, by: .bilinear)
    }

    private func enlarged(_ cells: [Double], _ rows: MapTaps, _ columns: MapTaps) -> Tensor<Float> {
        var map = Tensor<Float>(repeating: 0, shape: [grid, grid])
        map.mutateElements { $0 = cells.map { Float($0) } }
        return map.resampled(rows: rows, columns: columns)
    }

    private func noise(on input: Tensor<Float>, _ generator: inout SeededGenerator) -> Tensor<Float>? {
        guard noise > 0, let low = input.elements.min(), let high = input.elements.max() else { return nil }
        let deviation = noise * Double(high - low)
        return input.map { _ in Float(deviation * generator.nextNormal()) }
    }
}
