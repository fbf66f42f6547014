public import Tensors

/// Which values of a raw map the two ends of the colour bar stand for.
public enum DisplayRange: Sendable, Hashable {
    /// From 0 to the largest value; what is negative is shown as 0.
    case positive
    /// From 0 to this percentile (0...100) of the positive values; what is larger is shown as the end. For noisy maps, whose
    /// few extremes would hide everything else.
    case clipped(percentile: Double)
    /// From the smallest to the largest value; zero is somewhere between.
    case minMax
    /// From -m to m, zero in the middle, where m is this percentile (0...100) of the absolute values; what is larger is
    /// shown as the end.
    case symmetric(percentile: Double = 99)

    /// The values at the ends; values that are not finite do not count. `low < high` always.
    public func limits(of map: Tensor<Float>) -> (low: Float, high: Float) {
        var (smallest, largest) = (Float.infinity, -Float.infinity)
        for value in map.elements where value.isFinite {
            smallest = min(smallest, value)
            largest = max(largest, value)
        }
        if smallest > largest { (smallest, largest) = (0, 0) }
        switch self {
        case .positive:
            return largest > 0 ? (0, largest) : (0, 1)
        case .clipped(let percentile):
            let positive = map.elements.filter { $0.isFinite && $0 > 0 }.sorted()
            guard !positive.isEmpty else { return (0, 1) }
            let rank = min(max(percentile, 0), 100) / 100 * Double(positive.count - 1)
            return (0, positive[Int(rank.rounded())])
        case .minMax:
            return smallest < largest ? (smallest, largest) : (smallest, smallest.nextUp)
        case .symmetric(let percentile):
            let magnitudes = map.elements.filter(\.isFinite).map(abs).sorted()
            guard let top = magnitudes.last, top > 0 else { return (-1, 1) }
            let rank = min(max(percentile, 0), 100) / 100 * Double(magnitudes.count - 1)
            let limit = magnitudes[Int(rank.rounded())]
            // A sparse map's percentile can be zero although something is there.
            return limit > 0 ? (-limit, limit) : (-top, top)
        }
    }

    /// Each value's place between the ends, 0...1; NaN and infinite values become NaN.
    public func normalised(_ map: Tensor<Float>) -> Tensor<Float> {
        let (low, high) = limits(of: map)
        return map.map { $0.isFinite ? min(max(($0 - low) / (high - low), 0), 1) : .nan }
    }
}
