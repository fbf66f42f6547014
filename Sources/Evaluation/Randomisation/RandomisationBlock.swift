package import Tensors

/// Neighbouring layers that are randomised together.
package struct RandomisationBlock: Sendable, Hashable {
    /// The layer, or the last and the first of several: `_conv_head … _blocks.14`.
    package let name: String
    /// Its layers, the one nearest to the score first.
    package let layers: [TrainableLayer]
    /// Which part of all layers lies in this block and those above it, 0...1.
    package let depth: Double

    /// All layers in blocks, from the scores down to the picture.
    ///
    /// - Parameter limit: At most so many, the layer that makes the scores alone and the others evenly; nil is one for every layer.
    package static func divided(_ layers: [TrainableLayer], atMost limit: Int?) -> [RandomisationBlock] {
        let ordered = Array(layers.reversed())
        guard let head = ordered.first else { return [] }
        let rest = Array(ordered.dropFirst())
        let count = min(max((limit ?? layers.count) - 1, 1), rest.count)
        let groups = [[head]] + (0..<count).map { Array(rest[rest.count * $0 / count..<rest.count * ($0 + 1) / count]) }
        var done = 0
        return groups.map { group in
            done += group.count
            let ends = [group.first?.name, group.count > 1 ? group.last?.name : nil].compactMap { $0 }
            return RandomisationBlock(
                name: ends.joined(separator: " … "), layers: group, depth: Double(done) / Double(ordered.count))
        }
    }
}

/// Fresh contents for the parameters of a model: every tensor has its own stream, so that a block's draws do not depend on
/// which other blocks are drawn.
package struct ParameterDraws: Sendable {
    private let initialiser: Initialiser
    private let seed: UInt64
    private let resetsStatistics: Bool
    private let streams: [String: Int]

    /// Keeps streams apart from those of noise, which start from the same small seeds.
    private static let salt: UInt64 = 0x7061_7261_6D65_7465

    package init(_ layers: [TrainableLayer], initialiser: Initialiser, seed: UInt64, resetsStatistics: Bool) {
        self.initialiser = initialiser
        self.seed = seed ^ Self.salt
        self.resetsStatistics = resetsStatistics
        streams = Dictionary(
            layers.flatMap(\.tensors).enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The contents of a block's tensors, by name.
    package func contents(of block: RandomisationBlock) -> [String: AnyTensor] {
        var contents: [String: AnyTensor] = [:]
        for tensor in block.layers.flatMap(\.tensors) where resetsStatistics || !tensor.isStatistic {
            var generator = SeededGenerator(seed: seed, part: streams[tensor.name] ?? 0)
            contents[tensor.name] = initialiser.drawn(tensor, using: &generator)
        }
        return contents
    }
}
