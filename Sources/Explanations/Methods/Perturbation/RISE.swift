import Foundation
import Tensors

/// The mean of random masks, each weighted by the score of the picture behind it (Petsiuk et al. 2018).
package struct RISE: ProcedureMethod {
    private static let samples = MethodParameter<Int>.integer("samples", 4000, in: 1...10_000_000, "how many masks")
    private static let grid = MethodParameter<Int>.integer(
        "grid", 7, in: 1...1000, "cells along each side of the grid that masks are made from")
    private static let probability = MethodParameter<Double>.number(
        "p", 0.5, in: 0.001...1, "how likely a cell is to be visible; divides the sum also with a file of masks")
    private static let seed = MethodParameter<Int>.integer("seed", 0, in: 0...Int.max, "of the masks")
    private static let masks = MethodParameter<Tensor<Float>?>.file(
        "masks", "masks [n, H, W] in place of random ones; 'samples' then takes the first so many of them")
    private static let centre = MethodParameter<Bool>.flag(
        "centre", false, "takes the mean score off every score, so that a mask counts for what it changes")
    private static let baseline = MethodParameter<Baseline>.baseline("0", "what stands behind the masks")
    private static let stop = MethodParameter<Double>.number(
        "stop", 0, in: 0...1,
        "ends as soon as 100 more masks changed the map's rank correlation by less than this twice in a row; 0 never does"
    )

    package static let description = MethodDescription(
        name: "rise", family: .perturbation,
        summary: "The mean of random masks, each weighted by the score of the picture behind it.",
        formula:
            "M = Σ_i S(x ⊙ m_i) m_i / (N p), centred: Σ_i (S(x ⊙ m_i) - mean S) m_i / (N p);   standard error = the deviation of S(x ⊙ m_i) m_i / p over the masks / √N",
        paper: "Petsiuk, Das, Saenko: RISE, BMVC 2018 (arXiv 1806.07421)",
        result: "[B, 1, H, W] of the input", place: .input, cost: "1 forward pass a mask",
        fits: "every model with a picture as input; no gradients are needed. Made for probabilities: prob(3)",
        remarks:
            "An estimate by chance: look at the standard error before believing fine structure. The map is the score's level plus differences, so only its differences mean something; where the level is high against the differences, as a logit's is, how often chance showed a pixel drowns them, and centre=true takes it out: pictures are made so. The paper takes 4000 masks for VGG16 and 8000 for ResNet-50 with p = 0.5 and a grid of 7; the released notebook 6000, 0.1 and 8. Pixels near the border are masked as often as others, but by fewer different masks.",
        parameters: [
            samples.description, grid.description, probability.description, seed.description, masks.description,
            baseline.description, stop.description, centre.description,
        ], display: .relative, forPictures: ["centre": "true"])

    /// After how many masks the ranking is looked at.
    private static let interval = 100

    private let samples: Int?
    private let grid: Int
    private let probability: Double
    private let seed: Int
    private let masks: Tensor<Float>?
    private let baseline: Baseline
    private let stop: Double
    private let centre: Bool

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        masks = try parameters.value(Self.masks)
        let samples = try parameters.optional(Self.samples)
        self.samples = masks == nil ? samples ?? Self.samples.defaultValue : samples
        grid = try parameters.value(Self.grid)
        probability = try parameters.value(Self.probability)
        seed = try parameters.value(Self.seed)
        baseline = try parameters.value(Self.baseline)
        stop = try parameters.value(Self.stop)
        centre = try parameters.value(Self.centre)
        if let masks {
            let shape = masks.shape
            guard shape.rank == 3 || (shape.rank == 4 && shape[1] == 1), shape.count > 0,
                masks.elements.allSatisfy(\.isFinite)
            else { throw parameters.problem("masks", "the file holds \(shape); it takes finite numbers [n, H, W]") }
        }
    }

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let planes = try experiment.planes()
        let background = try baseline.input(for: experiment)
        if let masks, [masks.shape[-2], masks.shape[-1]] != [planes.height, planes.width] {
            throw ExplanationError.parameter(
                method: experiment.label, name: "masks",
                reason: "the file holds \(masks.shape), the picture needs [n, \(planes.height), \(planes.width)]")
        }
        var generator = GridMasks(
            height: planes.height, width: planes.width, grid: grid, probability: probability, seed: UInt64(seed))
        let count = min(samples ?? .max, masks?.shape[0] ?? .max)
        var sum = MaskSum(places: planes.height * planes.width, isCentred: centre)
        var ranking = RankStability(tolerance: stop, interval: Self.interval)
        var waiting: [Int: Tensor<Float>] = [:]
        try experiment.stream(count) { index in
            let mask =
                try masks.map { try $0.slice(index).reshaped([planes.height, planes.width]) } ?? generator.next()
            waiting[index] = mask
            return planes.blend(experiment.input, over: background, by: mask)
        } consume: { range, answers in
            for (index, score) in zip(range, answers.scores) {
                guard let mask = waiting.removeValue(forKey: index) else { continue }
                sum.add(mask, score: Double(score))
                if ranking.isStable(after: sum.count, map: { sum.total }) {
                    experiment.note(
                        "\(experiment.label) ended after \(sum.count) of \(count) masks: the ranking no longer changed")
                    return false
                }
            }
            return true
        }
        return result(sum, planes)
    }

    private func result(_ sum: MaskSum, _ planes: PicturePlanes) -> ProcedureResult {
        let scale = 1 / (Double(max(sum.count, 1)) * probability)
        let errors = sum.standardErrors.map { $0 / probability }
        var map = Tensor<Float>(repeating: 0, shape: [1, planes.height, planes.width])
        map.mutateElements { $0 = sum.total.map { Float($0 * scale) } }
        var deviation = map
        deviation.mutateElements { $0 = errors.map { Float($0) } }
        let span = Double((map.elements.max() ?? 0) - (map.elements.min() ?? 0))
        return ProcedureResult(
            map,
            checks: [
                SelfCheck("masks", Double(sum.count), "how many masks the map is the mean of"),
                SelfCheck(
                    "mean standard error", errors.reduce(0, +) / Double(max(errors.count, 1)),
                    "how far chance moves a pixel; the map's values span \(Float(span)), and structure of less than twice the error means nothing"
                ),
            ], companions: ["standard-error": deviation])
    }
}

/// Sums of masks that are weighted by scores, and of the squares of these terms.
struct MaskSum {
    private(set) var count = 0
    private var sums: [Double]
    private var squares: [Double]
    /// What the mean score is taken off with; nil where it is not.
    private var level: Level?

    /// Sums of masks whatever their score.
    private struct Level {
        var scores = 0.0
        /// Σ m
        var masks: [Double]
        /// Σ m²
        var squaredMasks: [Double]
        /// Σ S m²
        var scoredSquares: [Double]
    }

    init(places: Int, isCentred: Bool) {
        sums = [Double](repeating: 0, count: places)
        squares = sums
        level = isCentred ? Level(masks: sums, squaredMasks: sums, scoredSquares: sums) : nil
    }

    mutating func add(_ mask: Tensor<Float>, score: Double) {
        let elements = mask.elements
        for place in sums.indices {
            let value = score * Double(elements[place])
            sums[place] += value
            squares[place] += value * value
        }
        count += 1
        guard level != nil else { return }
        level?.scores += score
        for place in sums.indices {
            let value = Double(elements[place])
            level?.masks[place] += value
            level?.squaredMasks[place] += value * value
            level?.scoredSquares[place] += score * value * value
        }
    }

    /// `Σ S m`, or `Σ (S - mean S) m`.
    var total: [Double] {
        guard let level, count > 0 else { return sums }
        let mean = level.scores / Double(count)
        return sums.indices.map { sums[$0] - mean * level.masks[$0] }
    }

    /// The standard error of the terms' mean at every place; zero for less than two masks.
    var standardErrors: [Double] {
        guard count > 1 else { return sums.map { _ in 0 } }
        let number = Double(count)
        var squares = squares
        if let level {
            let mean = level.scores / number
            for place in squares.indices {
                squares[place] += mean * (mean * level.squaredMasks[place] - 2 * level.scoredSquares[place])
            }
        }
        return zip(total, squares).map { sum, square in
            (max(square / number - (sum / number) * (sum / number), 0) / (number - 1)).squareRoot()
        }
    }
}

/// Whether the order of a growing sum's places still changes.
struct RankStability {
    private let tolerance: Double
    private let interval: Int
    private var ranks: [Double] = []
    private var agreements = 0

    init(tolerance: Double, interval: Int) {
        self.tolerance = tolerance
        self.interval = interval
    }

    /// True when Spearman's correlation with the map of the last look was within the tolerance of 1 twice in a row.
    mutating func isStable(after count: Int, map: () -> [Double]) -> Bool {
        guard tolerance > 0, count % interval == 0 else { return false }
        let ranks = RankCorrelation.ranks(of: map())
        defer { self.ranks = ranks }
        guard !self.ranks.isEmpty else { return false }
        agreements = 1 - RankCorrelation.pearson(self.ranks, ranks) <= tolerance ? agreements + 1 : 0
        return agreements >= 2
    }
}
