import Differentiation
import Graphs
import Runtime
import Tensors

/// Compares a graph's gradient with differences of ⟨w, y⟩ over straight segments.
///
/// ⟨w, y(x + h v) - y(x)⟩ = ∫₀ʰ ⟨∂⟨w, y⟩/∂x (x + t v), v⟩ dt holds for every continuous, piecewise smooth y, wherever its kinks lie, also
/// where x lies on one. The integral is the mean over midpoints; the slope's jumps tell how far it may be off. A jump of y
/// itself (nearest neighbours, say) is met by long segments only: one length that agrees is enough, and a wrong gradient
/// agrees at none.
struct SegmentProbe {
    enum Verdict { case agrees, undecided, differs(Double) }

    /// Relative to the root mean square of the point: rounding asks for long ones, kinks and curvature for short ones.
    private static let lengths = [0.1, 0.01, 0.001]
    private static let midpoints = 16
    /// What is left of rounding behind the midpoints' own uncertainty.
    private static let tolerance = 2e-3

    let program: any Program
    /// The gradient's name and its values at the point; nil where none flows back, which says that the outputs stay the same.
    let gradient: (name: String, values: [Float])?
    let weights: [(name: String, values: [Double])]
    let feed: [String: AnyTensor]
    let input: String

    func verdict(_ random: inout SeededGenerator) throws -> Verdict {
        guard let origin = feed[input] else { return .undecided }
        let anywhere = origin.floats.map { _ in random.nextNormal() }
        let verdict = try verdict(from: origin, along: anywhere)
        guard case .undecided = verdict else { return verdict }
        // Powers, roots and logarithms end at 0.
        return try self.verdict(
            from: origin, along: zip(anywhere, origin.floats).map { abs($0) * ($1 < 0 ? -1 : 1) })
    }

    private func verdict(from origin: AnyTensor, along direction: [Double]) throws -> Verdict {
        let typical = Self.norm(origin.floats.filter(\.isFinite)) / Double(max(origin.shape.count, 1)).squareRoot()
        let unit = typical > 0 ? typical : 1
        var worst: Double?
        for length in Self.lengths {
            let comparison = try compare(origin, direction, length: length * unit, unit: unit)
            guard let (difference, uncertainty) = comparison, uncertainty < 0.1 else { continue }
            if difference <= Self.tolerance + 2 * uncertainty { return .agrees }
            worst = min(worst ?? .infinity, difference)
        }
        return worst.map { .differs($0) } ?? .undecided
    }

    /// The difference and what is uncertain of it, relative to the slope; nil where the segment leaves the operator's domain.
    private func compare(
        _ origin: AnyTensor, _ direction: [Double], length: Double, unit: Double
    ) throws -> (difference: Double, uncertainty: Double)? {
        func moved(_ step: Double) throws -> [String: AnyTensor] {
            var feed = feed
            feed[input] = try floats(zip(origin.floats, direction).map { Float(Double($0) + step * $1) }, origin.shape)
            return feed
        }
        func slope(_ fraction: Double) throws -> Double {
            guard let gradient else { return 0 }
            let values = try program.run(try moved(length * fraction), outputs: [gradient.name])[0].floats
            return zip(values, direction).reduce(0.0) { $0 + Double($1.0) * $1.1 }
        }
        let width = 1 / Double(Self.midpoints)
        let slopes = try (0..<Self.midpoints).map { try slope((Double($0) + 0.5) * width) }
        let analytic = slopes.reduce(0, +) * width
        let jumps = zip(slopes, slopes.dropFirst()).map { $1 - $0 }
        let kinks = jumps.reduce(0.0) { $0 + $1 * $1 }.squareRoot() * width
        let (start, end) = (try score(moved(0)), try score(moved(length)))
        let numeric = (end.value - start.value) / length
        guard analytic.isFinite, numeric.isFinite else { return nil }
        // A slope far below the outputs' size over the inputs' is rounding.
        let norm = Self.norm(gradient?.values ?? [])
        let reference = max(abs(analytic), norm, 1e-3 * end.size / unit, .leastNormalMagnitude)
        let difference = abs(analytic - numeric) / reference
        return (difference, (kinks + max(start.rounding, end.rounding) / length) / reference)
    }

    /// ⟨w, y⟩ in float64, the size of its terms, and how far a few roundings of every element may move the sum.
    private func score(_ feed: [String: AnyTensor]) throws -> (value: Double, size: Double, rounding: Double) {
        let outputs = try program.run(feed, outputs: weights.map(\.name))
        var (value, squares) = (0.0, 0.0)
        for (output, weight) in zip(outputs, weights) {
            let scale = output.floats.reduce(0.0) { max($0, $1.isFinite ? Double(abs($1)) : 0) }
            for (element, factor) in zip(output.floats, weight.values) where factor != 0 {
                value += Double(element) * factor
                squares += factor * factor * scale * scale
            }
        }
        let size = squares.squareRoot()
        return (value, size, 4 * Double(Float.ulpOfOne) * size)
    }

    private static func norm(_ values: [Float]) -> Double {
        values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}
