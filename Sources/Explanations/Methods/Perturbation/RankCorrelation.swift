/// Spearman's rank correlation: Pearson's correlation of ranks, ties sharing the mean of theirs.
package enum RankCorrelation {
    package static func spearman(_ first: [Double], _ second: [Double]) -> Double {
        pearson(ranks(of: first), ranks(of: second))
    }

    package static func spearman(maps first: [Float], _ second: [Float]) -> Double {
        pearson(ranks(ofMap: first), ranks(ofMap: second))
    }

    /// Ranks from 1; equal values have the mean of their ranks.
    package static func ranks(of values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        return ranks(order) { values[order[$0]] == values[order[$1]] }
    }

    /// Ranks from 1; equal values have the mean of their ranks. No value may be NaN.
    ///
    /// A radix sort: a map has so many pixels that comparisons would be most of the time that a similarity takes.
    package static func ranks(ofMap values: [Float]) -> [Double] {
        let keys = sortedKeys(values)
        return ranks(keys.map { Int(truncatingIfNeeded: $0 & 0xFFFF_FFFF) }) { keys[$0] >> 32 == keys[$1] >> 32 }
    }

    /// The ranks of values that are sorted by position, from which neighbours are equal.
    private static func ranks(_ order: [Int], areEqual: (Int, Int) -> Bool) -> [Double] {
        var ranks = [Double](repeating: 0, count: order.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, areEqual(end, start) { end += 1 }
            for index in start..<end { ranks[order[index]] = Double(start + end + 1) / 2 }
            start = end
        }
        return ranks
    }

    /// Rising keys: in the upper half bits that are ordered as the values are, in the lower half the value's position.
    private static func sortedKeys(_ values: [Float]) -> [UInt64] {
        var keys = values.enumerated().map { position, value in
            // Zero has two signs and one rank.
            let bits = (value + 0).bitPattern
            let ordered = bits >> 31 == 1 ? ~bits : bits | 0x8000_0000
            return UInt64(ordered) << 32 | UInt64(UInt32(truncatingIfNeeded: position))
        }
        var others = [UInt64](repeating: 0, count: keys.count)
        for shift: UInt64 in [32, 43, 54] {
            var starts = [Int](repeating: 0, count: 2049)
            for key in keys { starts[Int(truncatingIfNeeded: key >> shift & 0x7FF) + 1] += 1 }
            for digit in 1..<2049 { starts[digit] += starts[digit - 1] }
            for key in keys {
                let digit = Int(truncatingIfNeeded: key >> shift & 0x7FF)
                others[starts[digit]] = key
                starts[digit] += 1
            }
            swap(&keys, &others)
        }
        return keys
    }

    /// Pearson's correlation; 1 where neither varies, 0 where one does not.
    package static func pearson(_ first: [Double], _ second: [Double]) -> Double {
        // The mean of equal numbers is rounded, so their deviations do not tell that they are equal.
        let constants = (isConstant(first), isConstant(second))
        guard constants == (false, false) else { return constants == (true, true) ? 1 : 0 }
        let count = Double(first.count)
        let (meanFirst, meanSecond) = (first.reduce(0, +) / count, second.reduce(0, +) / count)
        var (product, squareFirst, squareSecond) = (0.0, 0.0, 0.0)
        for (left, right) in zip(first, second) {
            product += (left - meanFirst) * (right - meanSecond)
            squareFirst += (left - meanFirst) * (left - meanFirst)
            squareSecond += (right - meanSecond) * (right - meanSecond)
        }
        return min(max(product / (squareFirst * squareSecond).squareRoot(), -1), 1)
    }

    private static func isConstant(_ values: [Double]) -> Bool { values.allSatisfy { $0 == values[0] } }
}
