package import Tensors

/// How much of the score's variance each cell of a mask takes part in (Fel et al. 2021).
package struct SobolIndices: ProcedureMethod {
    private static let grid = MethodParameter<Int>.integer("grid", 11, in: 1...64, "cells along each side of the masks")
    private static let designs = MethodParameter<Int>.integer(
        "designs", 32, in: 2...100_000, "how many pairs of random masks")
    private static let seed = MethodParameter<Int>.integer("seed", 0, in: 0...Int.max, "of the masks")

    package static let description = MethodDescription(
        name: "sobol", family: .perturbation,
        summary: "The part of the score's variance under random masks that each cell of the mask takes part in.",
        formula:
            "ST_i = E[Var(S | all cells but i)] / Var(S), by Jansen's estimator 1/(2N) Σ_n (S(A_n) - S(A_n with cell i of B_n))² / Var(S(A))",
        paper: "Fel, Cadène, Chalvidal, Cord, Vigouroux, Serre: Look at the Variance!, NeurIPS 2021 (arXiv 2111.04138)",
        result: "[B, 1, H, W] of the input", place: .input,
        cost: "designs · (grid² + 1) forward passes: 3904 by default",
        fits: "every model with a picture as input; no gradients are needed",
        remarks:
            "Values are never negative: evidence against the score counts like evidence for it. It sees interactions of cells, which occlusion misses. Masks take values between 0 and 1 from a Latin hypercube (the paper: Sobol's sequence) and are enlarged bilinearly.",
        parameters: [grid.description, designs.description, hiding.description, seed.description], display: .positive)

    private static let hiding = MethodParameter<Baseline>.baseline("0", "what stands behind the masks")

    private let grid: Int
    private let designs: Int
    private let baseline: Baseline
    private let seed: Int

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        grid = try parameters.value(Self.grid)
        designs = try parameters.value(Self.designs)
        baseline = try parameters.value(Self.hiding)
        seed = try parameters.value(Self.seed)
    }

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let planes = try experiment.planes()
        let background = try baseline.input(for: experiment)
        let cells = grid * grid
        guard designs * cells <= 20_000_000 else {
            throw ExplanationError.parameter(
                method: Self.description.name, name: "designs",
                reason: "\(designs) designs of \(cells) cells are more than 20 million numbers; give fewer of either")
        }
        var generator = SeededGenerator(seed: UInt64(seed))
        let first = LatinHypercube.points(designs, dimensions: cells, from: &generator)
        let second = LatinHypercube.points(designs, dimensions: cells, from: &generator)
        let rows = MapTaps.resizing(from: grid, to: planes.height, by: .bilinear)
        let columns = MapTaps.resizing(from: grid, to: planes.width, by: .bilinear)
        var estimator = JansenEstimator(dimensions: cells)
        try experiment.stream(designs * (cells + 1)) { run in
            let (design, cell) = (run / (cells + 1), run % (cells + 1) - 1)
            var mask = Tensor<Float>(repeating: 0, shape: [grid, grid])
            mask.mutateElements { elements in
                elements = first[design].map { Float($0) }
                if cell >= 0 { elements[cell] = Float(second[design][cell]) }
            }
            return planes.blend(
                experiment.input, over: background, by: mask.resampled(rows: rows, columns: columns))
        } consume: { range, answers in
            for (run, score) in zip(range, answers.scores) {
                estimator.add(Double(score), exchanging: run % (cells + 1) - 1)
            }
            return true
        }
        var indices = Tensor<Float>(repeating: 0, shape: [grid, grid])
        indices.mutateElements { $0 = estimator.totalIndices.map { Float($0) } }
        return ProcedureResult(
            try indices.resampled(rows: rows, columns: columns).reshaped([1, planes.height, planes.width]),
            checks: [
                SelfCheck(
                    "sum of total indices", estimator.totalIndices.reduce(0, +),
                    "1 where cells act independently; what is above is interaction, or chance")
            ], companions: ["indices": indices])
    }
}

/// Points of which every axis holds one in each of N equal intervals.
package enum LatinHypercube {
    /// So many points of [0, 1).
    package static func points(
        _ count: Int, dimensions: Int, from generator: inout SeededGenerator
    ) -> [[Double]] {
        var points = [[Double]](repeating: [Double](repeating: 0, count: dimensions), count: count)
        for axis in 0..<dimensions {
            for (point, interval) in (0..<count).shuffled(using: &generator).enumerated() {
                points[point][axis] = (Double(interval) + generator.nextUniform()) / Double(count)
            }
        }
        return points
    }
}

/// Total-order Sobol indices by Jansen's estimator, gathered design by design.
package struct JansenEstimator: Sendable {
    private var base: [Double] = []
    private var sums: [Double]
    private var counts: [Int]

    package init(dimensions: Int) {
        sums = [Double](repeating: 0, count: dimensions)
        counts = [Int](repeating: 0, count: dimensions)
    }

    /// Adds a value: at a design's first point (-1), or there with one coordinate of its second point.
    package mutating func add(_ value: Double, exchanging dimension: Int) {
        guard dimension >= 0, let origin = base.last else {
            base.append(value)
            return
        }
        sums[dimension] += (origin - value) * (origin - value)
        counts[dimension] += 1
    }

    /// One index a dimension; zero where nothing varies.
    package var totalIndices: [Double] {
        let count = Double(base.count)
        let mean = base.reduce(0, +) / max(count, 1)
        let variance = base.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(count - 1, 1)
        return zip(sums, counts).map { sum, count in
            variance > 0 && count > 0 ? sum / (2 * Double(count)) / variance : 0
        }
    }
}
