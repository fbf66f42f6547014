import Tensors

/// The percentile bootstrap: between which values a statistic lies when the pictures had been drawn anew.
///
///     low, high = the (1 - level) / 2 and (1 + level) / 2 quantiles of the statistic over B samples of n of the n pictures
///
/// Samples are drawn with replacement; quantiles are interpolated linearly. Efron: Bootstrap Methods, Annals of Statistics 1979.
package struct BootstrapInterval: Sendable, Hashable {
    /// The lower end.
    package let low: Double
    /// The upper end.
    package let high: Double

    /// The interval of a statistic of `count` pictures; nil for fewer than two, or where no sample has a finite value.
    ///
    /// - Parameters:
    ///   - level: How likely the interval is to hold the statistic.
    ///   - samples: How many samples are drawn.
    ///   - statistic: The value of the pictures at these positions; not finite where it does not exist.
    package init?(
        of count: Int, level: Double = 0.95, samples: Int = 1000, seed: UInt64 = 0, statistic: ([Int]) -> Double
    ) {
        guard count > 1, samples > 0, (0...1).contains(level) else { return nil }
        var random = SeededGenerator(seed: seed)
        var positions = [Int](repeating: 0, count: count)
        var values: [Double] = []
        for _ in 0..<samples {
            for index in positions.indices { positions[index] = Int.random(in: 0..<count, using: &random) }
            let value = statistic(positions)
            if value.isFinite { values.append(value) }
        }
        guard !values.isEmpty else { return nil }
        values.sort()
        func quantile(_ fraction: Double) -> Double {
            let place = fraction * Double(values.count - 1)
            let below = min(Int(place), values.count - 1)
            let above = min(below + 1, values.count - 1)
            return values[below] + (values[above] - values[below]) * (place - Double(below))
        }
        low = quantile((1 - level) / 2)
        high = quantile((1 + level) / 2)
    }
}
