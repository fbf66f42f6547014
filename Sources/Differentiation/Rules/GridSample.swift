import Graphs
import Tensors

/// Sampling at the places of a grid, `y[p] = Σ_taps w_tap(grid[p]) x[tap]`.
///
/// `∂x` adds `w g` at every tap, `∂grid` is `Σ_c g Σ_taps x[tap] ∂w/∂grid`; on the lattice of pixels, where linear
/// interpolation has a kink, the derivative is the one from the right, as in PyTorch.
struct GridSampleRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) || step.wants(1) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let grid = try step.shape(ofOperand: 1)
        let axes = shape.rank - 2
        guard axes > 0, grid.rank == shape.rank, grid[-1] == axes, shape.count > 0, grid.count > 0 else {
            throw .unsupported(node: step.label, reason: "its grid \(grid) does not fit \(shape)")
        }
        let points = grid.count / (grid[0] * axes)
        let places = step.transpose(step.reshape(try step.operand(1), to: [grid[0], points, axes]), [0, 2, 1])
        // The grid names the last axis first.
        var taps: [GridTaps] = []
        for axis in 0..<axes {
            let place = step.slice(places, from: axes - 1 - axis, to: axes - axis, axis: 1)
            taps.append(try GridTaps(&step, at: place, length: shape[axis + 2]))
        }
        let sampling = GridSampling(&step, taps, shape, points: points)
        var result = step.none
        if step.wants(0) { result[0] = Cotangent(sampling.scattered(&step, seed), shape) }
        if step.wants(1), taps[0].slopes != nil {
            let slope = try sampling.slopes(&step, seed, of: try step.operand(0))
            result[1] = Cotangent(step.reshape(step.transpose(slope, [0, 2, 1]), to: grid), grid)
        }
        return result
    }
}

/// Along one axis: the positions that a sample reads, their weights, and the derivatives of these; all `[N, 1, points]`.
private struct GridTaps {
    private(set) var positions: [ValueID] = []
    private(set) var weights: [ValueID] = []
    /// Derivatives with respect to the grid; nil for the nearest neighbour.
    private(set) var slopes: [ValueID]?

    init(_ step: inout BackwardStep, at place: ValueID, length: Int) throws(DifferentiationError) {
        let aligned = step.node.integer("align_corners") ?? 0 != 0
        let half = step.scalar(0.5)
        let shifted = step.add(place, step.scalar(1))
        // In the engine's order, so that both round alike.
        let position =
            if aligned {
                step.scale(step.multiply(shifted, half), by: Double(length - 1))
            } else {
                step.multiply(step.subtract(step.scale(shifted, by: Double(length)), step.scalar(1)), half)
            }
        switch step.node.string("mode") ?? "linear" {
        case "nearest":
            let rounded = step.emit("Round", [position])
            let inside = Self.inside(&step, rounded, length)
            positions = [try Self.padded(&step, rounded, length, aligned)]
            weights = [inside ?? step.scalar(1)]
        case "linear", "bilinear":
            try add(&step, position, length, aligned, [0, 1], [[1, -1], [0, 1]])
        case "cubic", "bicubic":
            // Keys' kernel with A = -3/4, as polynomials of the distance from the tap at 0.
            let a = -0.75
            try add(
                &step, position, length, aligned, [-1, 0, 1, 2],
                [[0, a, -2 * a, a], [1, 0, -a - 3, a + 2], [0, -a, 2 * a + 3, -a - 2], [0, 0, a, -a]])
        case let mode: throw .unsupported(node: step.label, reason: "the mode '\(mode)' has no rule")
        }
    }

    private mutating func add(
        _ step: inout BackwardStep, _ position: ValueID, _ length: Int, _ aligned: Bool, _ offsets: [Double],
        _ polynomials: [[Double]]
    ) throws(DifferentiationError) {
        let base = step.emit("Floor", [position])
        let distance = step.subtract(position, base)
        let pace = Double(aligned ? length - 1 : length) / 2
        var derivatives: [ValueID] = []
        for (offset, polynomial) in zip(offsets, polynomials) {
            let tap = offset == 0 ? base : step.add(base, step.scalar(offset))
            let slope = polynomial.enumerated().dropFirst().map { Double($0) * $1 * pace }
            var values = [
                Self.horner(&step, polynomial, distance), Self.horner(&step, slope, distance),
            ]
            if let inside = Self.inside(&step, tap, length) { values = values.map { step.multiply($0, inside) } }
            positions.append(try Self.padded(&step, tap, length, aligned))
            weights.append(values[0])
            derivatives.append(values[1])
        }
        slopes = derivatives
    }

    /// `c_0 + c_1 t + c_2 t² + …`
    private static func horner(_ step: inout BackwardStep, _ coefficients: [Double], _ t: ValueID) -> ValueID {
        coefficients.dropLast().reversed().reduce(step.scalar(coefficients.last ?? 0)) { value, coefficient in
            let product = step.multiply(value, t)
            return coefficient == 0 ? product : step.add(product, step.scalar(coefficient))
        }
    }

    /// 1 where a tap lies in the picture; nil where padding puts every tap there.
    private static func inside(_ step: inout BackwardStep, _ tap: ValueID, _ length: Int) -> ValueID? {
        guard step.node.string("padding_mode") ?? "zeros" == "zeros" else { return nil }
        return step.multiply(step.isAbove(tap, -0.5), step.isBelow(tap, Float(length) - 0.5))
    }

    /// The pixel that a tap reads, as an int64.
    private static func padded(
        _ step: inout BackwardStep, _ tap: ValueID, _ length: Int, _ aligned: Bool
    ) throws(DifferentiationError) -> ValueID {
        var tap = tap
        let padding = step.node.string("padding_mode") ?? "zeros"
        guard ["zeros", "border", "reflection"].contains(padding) else {
            throw .unsupported(node: step.label, reason: "the padding mode '\(padding)' has no rule")
        }
        if padding == "reflection", length > 1 {
            // There and back again: 2L pixels about the edges, or 2L - 2 about the outer pixels' centres.
            let period = aligned ? 2 * length - 2 : 2 * length
            let turns = step.emit("Floor", [step.scale(tap, by: 1 / Double(period))])
            let phase = step.subtract(tap, step.scale(turns, by: Double(period)))
            let mirrored = step.subtract(step.scalar(Double(aligned ? period : period - 1)), phase)
            tap = step.emit("Min", [phase, mirrored])
        }
        let clipped = step.emit("Clip", [tap, step.scalar(0), step.scalar(Double(length - 1))])
        return step.emit("Cast", [clipped], ["to": .integer(Int(ElementType.int64.rawValue))])
    }
}

/// All taps of all axes together: one index into the flat picture and one weight for every combination.
private struct GridSampling {
    /// `[N, 1, combinations · points]`
    private let indices: ValueID
    /// `[N, 1, combinations, points]`
    private let weights: ValueID
    private let taps: [GridTaps]
    private let combinations: [[Int]]
    private let shape: Shape
    private let points: Int

    init(_ step: inout BackwardStep, _ taps: [GridTaps], _ shape: Shape, points: Int) {
        self.taps = taps
        self.shape = shape
        self.points = points
        combinations = taps.reduce([[]]) { known, axis in
            known.flatMap { first in axis.positions.indices.map { first + [$0] } }
        }
        let lengths = Array(shape.dimensions.dropFirst(2))
        let flat = combinations.map { combination in
            var index = taps[0].positions[combination[0]]
            for axis in taps.indices.dropFirst() {
                let row = step.multiply(index, step.integers([lengths[axis]]))
                index = step.add(row, taps[axis].positions[combination[axis]])
            }
            return index
        }
        indices = flat.count == 1 ? flat[0] : step.emit("Concat", flat, ["axis": .integer(2)])
        weights = Self.joined(&step, combinations, shape[0], points) { step, combination in
            Self.product(&step, taps.indices.map { taps[$0].weights[combination[$0]] })
        }
    }

    /// The picture's cotangent: every tap gets its share of the seed.
    func scattered(_ step: inout BackwardStep, _ seed: ValueID) -> ValueID {
        let (batch, channels, pixels) = (shape[0], shape[1], shape.dimensions.dropFirst(2).reduce(1, *))
        let all = combinations.count * points
        let seeds = step.reshape(seed, to: [batch, channels, 1, points])
        let updates = step.reshape(step.multiply(seeds, weights), to: [batch, channels, all])
        let zeros = step.expand(step.scalar(0), to: [batch, channels, pixels])
        let scattered = step.emit(
            "ScatterElements", [zeros, step.expand(indices, to: [batch, channels, all]), updates],
            ["axis": .integer(2), "reduction": .string("add")])
        return step.reshape(scattered, to: shape)
    }

    /// The grid's cotangent `[N, axes, points]`, last axis first as the grid has it.
    func slopes(
        _ step: inout BackwardStep, _ seed: ValueID, of picture: ValueID
    ) throws(DifferentiationError) -> ValueID {
        let (batch, channels, pixels) = (shape[0], shape[1], shape.dimensions.dropFirst(2).reduce(1, *))
        let all = combinations.count * points
        let values = step.emit(
            "GatherElements",
            [
                step.reshape(picture, to: [batch, channels, pixels]),
                step.expand(indices, to: [batch, channels, all]),
            ], ["axis": .integer(2)])
        let seeds = step.reshape(seed, to: [batch, channels, 1, points])
        let read = step.reshape(values, to: [batch, channels, combinations.count, points])
        let products = step.sum(step.multiply(read, seeds), over: [1])
        let perAxis = taps.indices.reversed().map { axis in
            let factors = Self.joined(&step, combinations, batch, points) { step, combination in
                Self.product(
                    &step,
                    taps.indices.map { other in
                        other == axis
                            ? (taps[other].slopes ?? taps[other].weights)[combination[other]]
                            : taps[other].weights[combination[other]]
                    })
            }
            let sum = step.sum(step.multiply(products, factors), over: [2])
            return step.reshape(sum, to: [batch, 1, points])
        }
        return perAxis.count == 1 ? perAxis[0] : step.emit("Concat", perAxis, ["axis": .integer(1)])
    }

    private static func product(_ step: inout BackwardStep, _ factors: [ValueID]) -> ValueID {
        factors.dropFirst().reduce(factors[0]) { step.multiply($0, $1) }
    }

    /// `[N, 1, combinations, points]` of one `[N, 1, points]` a combination (a number stands for all of them).
    private static func joined(
        _ step: inout BackwardStep, _ combinations: [[Int]], _ batch: Int, _ points: Int,
        _ value: (inout BackwardStep, [Int]) -> ValueID
    ) -> ValueID {
        let parts = combinations.map { combination in
            step.expand(value(&step, combination), to: [batch, 1, points])
        }
        let joined = parts.count == 1 ? parts[0] : step.emit("Concat", parts, ["axis": .integer(2)])
        return step.reshape(joined, to: [batch, 1, combinations.count, points])
    }
}
