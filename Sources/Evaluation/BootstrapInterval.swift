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
        guard measurements.count > 1, resamples > 0, confidence > 0, confidence < 1 else { return nil }
        var random = SeededGenerator(seed: seed)
        var values: [Double] = []
        var drawn = measurements
        for _ in 0..<resamples {
            for place in drawn.indices {
                drawn[place] = measurements[Int.random(in: measurements.indices, using: &random)]
            }
            let value = metric.summary(of: drawn)
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
