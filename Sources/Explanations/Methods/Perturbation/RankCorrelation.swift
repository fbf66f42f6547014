/// Spearman's rank correlation: Pearson's correlation of ranks, ties sharing the mean of theirs.
package enum RankCorrelation {
    package static func spearman(_ first: [Double], _ second: [Double]) -> Double {
        pearson(ranks(of: first), ranks(of: second))
    }

    /// Ranks from 1; equal values have the mean of their ranks.
    package static func ranks(of values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for index in start..<end { ranks[order[index]] = Double(start + end + 1) / 2 }
            start = end
        }
        return ranks
    }

    /// Pearson's correlation; 1 where neither varies, 0 where one does not.
    package static func pearson(_ first: [Double], _ second: [Double]) -> Double {
        let count = Double(max(first.count, 1))
        let (meanFirst, meanSecond) = (first.reduce(0, +) / count, second.reduce(0, +) / count)
        var (product, squareFirst, squareSecond) = (0.0, 0.0, 0.0)
        for (left, right) in zip(first, second) {
            product += (left - meanFirst) * (right - meanSecond)
            squareFirst += (left - meanFirst) * (left - meanFirst)
            squareSecond += (right - meanSecond) * (right - meanSecond)
        }
        guard squareFirst > 0, squareSecond > 0 else { return squareFirst == squareSecond ? 1 : 0 }
        return product / (squareFirst * squareSecond).squareRoot()
    }
}
