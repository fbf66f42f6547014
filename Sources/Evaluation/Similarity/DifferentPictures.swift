package import Tensors

/// How alike maps of different pictures are: what a similarity has to be read against.
///
/// "0.4 like the map of a randomised model" says something only beside what two maps that have nothing to do with each
/// other reach (Arun et al., Assessing the Trustworthiness of Saliency Maps for Localizing Abnormalities in Medical Imaging, 2021,
/// who take the mean of 50 random pairs).
package struct DifferentPictures: Sendable, Hashable, Codable {
    /// Mean and deviation over pairs.
    package let spread: SanityReport.Spread

    /// The mean over pairs.
    package var mean: Double { spread.mean }
    /// The standard deviation over pairs, n - 1 in the denominator; 0 of a single pair.
    package var deviation: Double { spread.deviation }
    /// How many pairs were compared.
    package var pairs: Int { spread.count }

    /// Compares maps of different pictures, one map a picture.
    ///
    /// - Parameters:
    ///   - maps: At least two, of one shape.
    ///   - pairs: How many pairs are drawn, none twice; all where there are no more.
    ///   - seed: Decides which.
    /// - Throws: `EvaluationError.undefined` of fewer than two maps, and what the similarity throws.
    package init(
        by similarity: any MapSimilarity, maps: [Tensor<Float>], pairs: Int = 50, seed: UInt64 = 0
    ) throws(EvaluationError) {
        let name = type(of: similarity).description.name
        var values: [Double] = []
        if pairs > 0, maps.count > 1 {
            for (first, second) in Self.draw(pairs, of: maps.count, seed: seed) {
                values.append(try similarity.value(maps[first], maps[second]))
            }
        }
        guard let spread = SanityReport.Spread(values) else {
            throw .undefined(
                measure: name,
                reason: "maps of at least two pictures are compared in pairs, and there are \(maps.count)")
        }
        self.spread = spread
    }

    /// Pairs of different numbers below `count`, the smaller first, none twice.
    package static func draw(_ pairs: Int, of count: Int, seed: UInt64) -> [(Int, Int)] {
        let all = count * (count - 1) / 2
        guard pairs < all else { return (0..<count).flatMap { first in (first + 1..<count).map { (first, $0) } } }
        var generator = SeededGenerator(seed: seed)
        // Floyd's sampling: every set of pairs is as likely as any other, and each costs one draw.
        var chosen: Set<Int> = []
        for last in all - pairs..<all {
            let drawn = Int.random(in: 0...last, using: &generator)
            chosen.insert(chosen.contains(drawn) ? last : drawn)
        }
        return chosen.sorted().map { Self.pair($0) }
    }

    /// The pair of a number: (0, 1), (0, 2), (1, 2), (0, 3), …
    private static func pair(_ number: Int) -> (Int, Int) {
        var second = Int((1 + (1 + 8 * Double(number)).squareRoot()) / 2)
        // The root is rounded.
        while second * (second - 1) / 2 > number { second -= 1 }
        while (second + 1) * second / 2 <= number { second += 1 }
        return (number - second * (second - 1) / 2, second)
    }
}
