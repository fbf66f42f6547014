import Differentiation
import Graphs
import Runtime
import Tensors

/// Compares gradients with differences of the score over straight segments.
///
/// S(x + h v) - S(x) = ∫₀ʰ ⟨∂S/∂x(x + t v), v⟩ dt holds for every continuous, piecewise smooth network, wherever its kinks lie; a quotient
/// at one point does not (a ReLU that flips within the step spoils it). The integral is the mean over midpoints; how much the
/// slope jumps from one to the next tells how far it may be off. S = Σ_i ⟨w_i, y_i⟩ with random normal w_i, scaled by the
/// root of the number of elements of y_i; sums are taken in float64, so that only the engine's own rounding is left.
struct GradientProbe {
    /// A direction with a name for people; every element is of order 1 (root mean square).
    struct Direction {
        let name: String
        let vector: [Float]
    }

    /// The slope over a segment by gradients and by the score's difference.
    struct Comparison {
        let analytic: Double
        let numeric: Double
        let uncertainty: Double
        /// The difference relative to the slope, or to a random direction's typical slope where that is larger.
        let difference: Double
        let tolerance: Double
        let verdict: VerificationCheck.Verdict
    }

    /// The segment's lengths that are tried in turn, relative to the root mean square of the point's elements: a long one drowns
    /// rounding, a short one meets fewer kinks and less curvature.
    private static let relativeLengths = [0.1, 1, 0.01, 0.001]
    private static let midpointCount = 32

    private let program: any Program
    private let feed: [String: AnyTensor]
    private let inputName: String
    private let origin: AnyTensor
    private let gradientName = "gaze.gradient"
    private let weights: [(name: String, values: [Double])]
    /// How many outputs are NaN or infinite at the point, and stay out of the score: a class that a file switches off, say.
    let leftOut: Int
    private let gradient: [Float]
    private let norm: Double
    private let scale: Double

    /// Nil where no score depends on the input.
    init?(
        _ graph: Graph, from input: ValueID, scored: [ValueID], point: [String: AnyTensor], engine: any Engine,
        _ composite: Composite, _ random: inout SeededGenerator
    ) throws {
        let derived = try graph.differentiated(scored, withRespectTo: [input], by: composite)
        guard let cotangent = derived.cotangents[input], let origin = point[graph[input].name] else { return nil }
        var weights: [Tensor<Float>] = []
        for value in scored {
            let shape = graph.shape(of: value) ?? []
            let factor = 1 / Double(max(shape.count, 1)).squareRoot()
            var tensor = Tensor<Float>(repeating: 0, shape: shape)
            tensor.mutateElements { elements in
                for index in elements.indices { elements[index] = Float(factor * random.nextNormal()) }
            }
            weights.append(tensor)
        }
        var both = derived.graph
        both.outputs =
            scored.map { Graph.Output(name: graph[$0].name, value: $0) }
            + [Graph.Output(name: gradientName, value: cotangent)]
        both = both.eliminatingDeadNodes(keepingInputs: false)
        let names = Set(both.inputs.map { both[$0].name })
        program = try engine.load(both)
        let scores = scored.map { graph[$0].name }
        func feed(_ weights: [Tensor<Float>]) -> [String: AnyTensor] {
            var feed = point
            for (index, seed) in derived.seeds.enumerated() {
                feed[derived.graph[seed].name] = AnyTensor(weights[index]).converted(
                    to: graph[scored[index]].type ?? .float32)
            }
            return feed.filter { names.contains($0.key) }
        }
        leftOut = try Self.leaveOutBroken(program.run(feed(weights), outputs: scores), of: &weights)
        self.feed = feed(weights)
        self.weights = zip(scores, weights).map { ($0, $1.elements.map(Double.init)) }
        self.origin = origin
        inputName = graph[input].name
        gradient = try program.run(self.feed, outputs: [gradientName])[0].floats
        norm = Self.norm(gradient)
        let typical = Self.norm(origin.floats) / Double(max(origin.shape.count, 1)).squareRoot()
        scale = typical > 0 ? typical : 1
    }

    /// Sets the weights of elements that are not finite to 0, where others are; returns how many they are.
    private static func leaveOutBroken(_ outputs: [AnyTensor], of weights: inout [Tensor<Float>]) -> Int {
        let isBroken = outputs.map { $0.floats.map { !$0.isFinite } }
        let count = isBroken.reduce(0) { $0 + $1.count(where: \.self) }
        guard count > 0, isBroken.contains(where: { $0.contains(false) }) else { return 0 }
        for index in weights.indices {
            weights[index].mutateElements { elements in
                for place in elements.indices where isBroken[index][place] { elements[place] = 0 }
            }
        }
        return count
    }

    private static func norm(_ values: [Float]) -> Double {
        values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    /// The gradient's own direction, and random ones.
    func directions(_ random: inout SeededGenerator) -> [Direction] {
        var directions: [Direction] = []
        if norm > 0, norm.isFinite {
            let unit = Double(gradient.count).squareRoot() / norm
            directions.append(Direction(name: "the gradient", vector: gradient.map { Float(Double($0) * unit) }))
        }
        for number in 1...2 {
            let vector = gradient.indices.map { _ in Float(random.nextNormal()) }
            directions.append(Direction(name: "random direction \(number)", vector: vector))
        }
        return directions
    }

    /// Compares along one direction.
    ///
    /// It fails where the two differ by more than the tolerance beyond twice what is uncertain, and says nothing where that
    /// exceeds a twentieth at every length.
    func compare(_ direction: [Float]) throws -> Comparison {
        var closest: Comparison?
        for length in Self.relativeLengths {
            let comparison = try compare(direction, length: length * scale)
            guard comparison.verdict == .inconclusive else { return comparison }
            if comparison.tolerance < closest?.tolerance ?? .infinity { closest = comparison }
        }
        return try closest ?? compare(direction, length: scale)
    }

    private func compare(_ direction: [Float], length: Double) throws -> Comparison {
        func slope(_ fraction: Double) throws -> Double {
            let gradient = try program.run(moved(by: length * fraction, along: direction), outputs: [gradientName])
            return zip(gradient[0].floats, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        let width = 1 / Double(Self.midpointCount)
        let slopes = try (0..<Self.midpointCount).map { try slope((Double($0) + 0.5) * width) }
        let analytic = slopes.reduce(0, +) * width
        // A kink between two samples errs by at most half of the jump times their distance; several add up like a random walk.
        let ends = try [slope(0) - slopes[0], slope(1) - slopes[slopes.count - 1]]
        let jumps = zip(slopes, slopes.dropFirst()).map { $1 - $0 } + ends
        let kinks = jumps.reduce(0.0) { $0 + $1 * $1 }.squareRoot() * width / 2
        let (start, end) = (try score(at: 0, along: direction), try score(at: length, along: direction))
        let numeric = (end.value - start.value) / length
        let uncertain = kinks + max(start.rounding, end.rounding) / length
        let reference = max(abs(analytic), norm)
        let relative = { (value: Double) in reference > 0 ? value / reference : value }
        let difference = relative(abs(analytic - numeric))
        let tolerance = ModelVerification.gradientTolerance + 2 * relative(uncertain)
        let verdict: VerificationCheck.Verdict =
            !difference.isFinite
            ? .failed : relative(uncertain) > 0.05 ? .inconclusive : difference <= tolerance ? .passed : .failed
        return Comparison(
            analytic: analytic, numeric: numeric, uncertainty: uncertain, difference: difference, tolerance: tolerance,
            verdict: verdict)
    }

    private func moved(by step: Double, along direction: [Float]) throws -> [String: AnyTensor] {
        let elements = zip(origin.floats, direction).map { Float(Double($0) + step * Double($1)) }
        var moved = feed
        moved[inputName] = AnyTensor(try Tensor(shape: origin.shape, elements: elements))
            .converted(to: origin.elementType)
        return moved
    }

    /// The score, and how far rounding in float32 may move it: a few units in the last place of every output, which add up like
    /// a random walk.
    private func score(at step: Double, along direction: [Float]) throws -> (value: Double, rounding: Double) {
        let outputs = try program.run(moved(by: step, along: direction), outputs: weights.map(\.name))
        var (value, squares) = (0.0, 0.0)
        for (output, weight) in zip(outputs, weights) {
            let largest = zip(output.floats, weight.values).reduce(0.0) { $1.1 == 0 ? $0 : max($0, Double(abs($1.0))) }
            for (element, factor) in zip(output.floats, weight.values) where factor != 0 {
                value += Double(element) * factor
                squares += factor * factor * largest * largest
            }
        }
        return (value, 4 * Double(Float.ulpOfOne) * squares.squareRoot())
    }
}
