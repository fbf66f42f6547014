package import Explanations
package import Tensors

/// Pixels or regions in the order of their values, equal ones in rising number.
///
/// Where many are equal, that order is the picture's layout and not the map's opinion: a curve over such a run is a straight line
/// between its ends, so that a map that says nothing is neither rewarded nor punished for where the picture's object lies.
package struct Ranking: Sendable {
    /// The numbers of the pixels or regions.
    package let order: [Int]
    /// The parts of the order in which two or more are equal.
    private let runs: [Range<Int>]

    /// From the largest value to the smallest.
    package init(falling values: [Double]) {
        let order = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
        self.init(order: order, runs: Self.runs(of: order) { values[$0] == values[$1] })
    }

    /// From the smallest value to the largest.
    package init(rising values: [Double]) {
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        self.init(order: order, runs: Self.runs(of: order) { values[$0] == values[$1] })
    }

    /// A map's pixels, numbered row by row, from the largest value to the smallest.
    package init(falling map: Tensor<Float>) { self.init(map) { ~$0 } }

    /// A map's pixels, numbered row by row, from the smallest value to the largest.
    package init(rising map: Tensor<Float>) { self.init(map) { $0 } }

    /// Sorts whole numbers that hold a value's rank above its place, which is several times as fast as looking values up.
    private init(_ map: Tensor<Float>, by order: (UInt32) -> UInt32) {
        let keys = map.elements.enumerated().map { place, value -> UInt64 in
            // Zero has two signs and one rank. Bits of positive floats rise with the value, those of negative ones fall.
            let bits = (value + 0).bitPattern
            let rank = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
            return UInt64(order(rank)) << 32 | UInt64(truncatingIfNeeded: place)
        }.sorted()
        self.init(
            order: keys.map { Int($0 & 0xFFFF_FFFF) },
            runs: Self.runs(of: keys) { $0 >> 32 == $1 >> 32 })
    }

    /// The parts in which two or more in a row are equal.
    private static func runs<Element>(of sorted: [Element], areEqual: (Element, Element) -> Bool) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var first = 0
        for place in 0..<sorted.count
        where place + 1 == sorted.count || !areEqual(sorted[place + 1], sorted[first]) {
            if place > first { runs.append(first..<place + 1) }
            first = place + 1
        }
        return runs
    }

    /// The same order, with opinions about equal values too: for what asks every step by itself.
    package var strict: Ranking { Ranking(order: order, runs: []) }

    private init(order: [Int], runs: [Range<Int>]) { (self.order, self.runs) = (order, runs) }

    /// Whether nothing is ranked: all values are equal.
    package var isConstant: Bool { order.count < 2 || runs.first?.count == order.count }

    /// The run of more than so many equal values that is cut after the first `count`; empty where none is.
    private func run(cutAfter count: Int, longerThan length: Int) -> Range<Int> {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].upperBound <= count { low = middle + 1 } else { high = middle }
        }
        guard low < runs.count, runs[low].lowerBound < count, runs[low].count > length else { return count..<count }
        return runs[low]
    }

    /// The counts, without those that cut a run of more than so many equal values, and with the ends of such runs.
    package func settled(_ counts: [Int], longerThan length: Int) -> [Int] {
        Set(
            counts.flatMap { count in
                let run = run(cutAfter: count, longerThan: length)
                return [run.lowerBound, run.upperBound]
            }
        ).sorted()
    }

    /// A curve over counts of the first in this order.
    ///
    /// - Parameters:
    ///   - counts: In rising order.
    ///   - scores: The scores at some counts, in rising order: those given, but for runs of equal values that are longer than the
    ///     largest step, of which the ends are asked for instead.
    package func curve(at counts: [Int], scores: ([Int]) throws -> [Double]) rethrows -> [Double] {
        let step = zip(counts, counts.dropFirst()).reduce(1) { max($0, $1.1 - $1.0) }
        let asked = settled(counts, longerThan: step)
        let found = Dictionary(uniqueKeysWithValues: zip(asked, try scores(asked)))
        return counts.map { count in
            let run = run(cutAfter: count, longerThan: step)
            let (first, last) = (found[run.lowerBound] ?? .nan, found[run.upperBound] ?? .nan)
            guard !run.isEmpty else { return first }
            return first + (last - first) * Double(count - run.lowerBound) / Double(run.count)
        }
    }
}

extension EvaluationSubject {
    /// The picture's planes, once the map is known to lie over them, a finite number a pixel.
    package func planes(for metric: String) throws -> PicturePlanes {
        let planes = try experiment.planes()
        guard map.shape == [planes.height, planes.width] else {
            throw EvaluationError.undefined(
                measure: metric,
                reason: "the map has shape \(map.shape) and the picture \(planes.height) x \(planes.width) pixels")
        }
        guard map.elements.allSatisfy(\.isFinite) else {
            throw EvaluationError.undefined(measure: metric, reason: "the map is not finite")
        }
        return planes
    }
}
