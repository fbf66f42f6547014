import Explanations
import Graphs
import Tensors

/// Finds a size for pictures where a model declares none.
struct PictureSize {
    private let name: String
    private let attributor: Attributor
    private let others: OtherInputs
    private let input: ValueID
    /// The shapes that did not run, in the order in which they were tried.
    private(set) var tried: [Shape] = []
    /// Why the first one did not.
    private(set) var reason: String?

    /// Sides that models are trained with, in the order in which they are tried.
    private static let usualSides = [224, 256, 299, 384, 512, 640, 160, 128, 96, 64, 32, 28]
    /// More attempts than this say that sizes are not what is wrong.
    private static let mostAttempts = 96
    /// A large model takes its time to say no.
    private static let mostTime = Duration.seconds(40)

    init(of name: String, input: ValueID, beside others: OtherInputs, in attributor: Attributor) {
        (self.name, self.input, self.others, self.attributor) = (name, input, others, attributor)
    }

    /// A shape with open lengths.
    struct Open {
        let lengths: [Int?]
        /// Where the channels stand; nil leaves that to the lengths.
        let channelAxis: Int?
        /// Whether the channels stand last.
        let isLast: Bool

        /// The shape with its open sides filled.
        func filled(_ sides: [Int]) -> Shape? {
            let (height, width) = isLast ? (1, 2) : (2, 3)
            var filled = lengths
            // One open side beside a fixed one is mostly as long.
            let isSquare = sides[0] == sides[1]
            filled[height] = lengths[height] ?? (isSquare ? lengths[width] ?? sides[0] : sides[0])
            filled[width] = lengths[width] ?? (isSquare ? lengths[height] ?? sides[1] : sides[1])
            let known = filled.compactMap { $0 }
            return known.count == lengths.count ? Shape(known) : nil
        }
    }

    /// A shape that runs.
    struct Found {
        let shape: Shape
        let channelAxis: Int?
        /// Height and width.
        let sides: [Int]
    }

    /// The first shape that runs: sides in the place of open lengths, where the constants of the graph tell most.
    mutating func found(_ shapes: [Open], known: [[Int]]) throws -> Found? {
        // The likeliest size runs or not; then what the constants say, and multiples of the model's step.
        let likely = known + [[Self.usualSides[0], Self.usualSides[0]]]
        let start = ContinuousClock.now
        if let found = try first(of: likely, in: shapes, since: start) { return found }
        let graph = attributor.model.graph
        let step = graph.pictureSteps(from: input)[0]
        let multiples = (1...64).map { [$0 * step, $0 * step] }.filter { (16...1024).contains($0[0]) }
        let searched =
            Array(graph.exportedSides(of: input).prefix(Self.mostAttempts / 2)) + Self.usualSides.map { [$0, $0] }
            + multiples
        return try first(of: searched, in: shapes, since: start)
    }

    private mutating func first(
        of sides: [[Int]], in shapes: [Open], since start: ContinuousClock.Instant
    ) throws -> Found? {
        for open in shapes {
            for pair in sides {
                guard let shape = open.filled(pair), !tried.contains(shape) else { continue }
                guard tried.count < Self.mostAttempts, ContinuousClock.now - start < Self.mostTime else { return nil }
                if try runs(shape, channelAxis: open.channelAxis) {
                    return Found(
                        shape: shape, channelAxis: open.channelAxis,
                        sides: open.isLast ? [shape[1], shape[2]] : [shape[2], shape[3]])
                }
            }
        }
        return nil
    }

    /// Whether the model takes this shape; else it is noted with the reason.
    private mutating func runs(_ shape: Shape, channelAxis: Int?) throws -> Bool {
        if let problem = try problem(at: shape, channelAxis: channelAxis) {
            tried.append(shape)
            reason = reason ?? problem
            return false
        }
        let graph = try? attributor.specialisedGraph(for: shapes(beside: shape))
        // A reshape to fixed sides takes several of them for one larger picture.
        if graph?.outputs.contains(where: { graph?.shape(of: $0.value)?.dimensions.first == 1 }) == true { return true }
        tried.append(shape)
        return false
    }

    /// Why the model cannot take a shape, in words; nil where nothing speaks against it.
    func problem(at shape: Shape, channelAxis: Int?) throws -> String? {
        let shapes = try shapes(beside: shape)
        do {
            let graph = try attributor.specialisedGraph(for: shapes)
            // The graph may read another axis than the one that is tried.
            if let channelAxis, let own = graph.value(named: name).flatMap({ graph.channelAxis(of: $0) }),
                own != channelAxis
            {
                return "its first layer reads channels from axis \(own)"
            }
            return graph.impossibleReshape.map { "node \($0.node) makes \($0.to) of \($0.from)" }
        } catch GraphError.refusedNode(let node, let reason) {
            return "node \(node) cannot run with them, because \(reason)"
        } catch {
            var words = "\(error)"
            if words.hasSuffix(".") { words.removeLast() }
            return words
        }
    }

    private func shapes(beside shape: Shape) throws -> [String: Shape] {
        try others.shapes(beside: shape).merging([name: shape]) { $1 }
    }
}
