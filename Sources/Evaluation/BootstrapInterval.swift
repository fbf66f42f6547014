import Tensors

/// Between which values a data set's number would lie for other pictures of the same kind: Efron's percentile interval.
///
/// Pictures are drawn with replacement, as many as there are; the number is taken anew for each draw; the interval holds the given
/// share of those numbers. Efron, Bootstrap Methods: Another Look at the Jackknife, 1979.
package struct BootstrapInterval: Sendable, Hashable {
    package let low: Double
    package let high: Double

    /// The interval of a metric's summary; the same for the same measurements in the same order. Nil for fewer than two.
    package init?(
        of measurements: [Measurement], by metric: any Metric, resamples: Int = 1000, confidence: Double = 0.95,
        seed: UInt64 = 0
    ) {
        self.init(of: measurements.count, resamples: resamples, confidence: confidence, seed: seed) { places in
            metric.summary(of: places.map { measurements[$0] })
        }
    }

    /// The interval of a number of the pictures at some places. Nil for fewer than two, or where it never is a number.
    package init?(
        of count: Int, resamples: Int = 1000, confidence: Double = 0.95, seed: UInt64 = 0,
        statistic: ([Int]) -> Double
    ) {
        guard count > 1, resamples > 0, confidence > 0, confidence < 1 else { return nil }
        var random = SeededGenerator(seed: seed)
        var values: [Double] = []
        var drawn = [Int](repeating: 0, count: count)
        for _ in 0..<resamples {
            for place in drawn.indices { drawn[place] = Int.random(in: 0..<count, using: &random) }
            let value = statistic(drawn)
            if value.isFinite { values.append(value) }
        }
        guard !values.isEmpty else { return nil }
        values.sort()
        low = Self.quantile((1 - confidence) / 2, of: values)
        high = Self.quantile((1 + confidence) / 2, of: values)
    }

    /// Linear between neighbours.
    private static func quantile(_ share: Double, of values: [Double]) -> Double {
        let place = share * Double(values.count - 1)
        let (low, high) = (Int(place.rounded(.down)), Int(place.rounded(.up)))
        return values[low] + (values[high] - values[low]) * (place - Double(low))
    }
}
