package import Tensors

/// Two maps that can be compared: of one shape, not empty, every number finite.
package struct MapPair: Sendable {
    package let first: Tensor<Float>
    package let second: Tensor<Float>
    /// The similarity that asks, for messages.
    package let measure: String

    /// - Throws: `EvaluationError.incomparable`.
    package init(_ first: Tensor<Float>, _ second: Tensor<Float>, for measure: String) throws(EvaluationError) {
        guard first.shape == second.shape else {
            throw .incomparable(
                measure: measure, reason: "the first has shape \(first.shape), the second \(second.shape)")
        }
        guard first.shape.count > 0 else { throw .incomparable(measure: measure, reason: "they are empty") }
        for (name, map) in [("first", first), ("second", second)] {
            let broken = map.elements.count { !$0.isFinite }
            guard broken == 0 else {
                throw .incomparable(
                    measure: measure,
                    reason: "\(broken) of the \(map.elements.count) numbers of the \(name) are NaN or infinite")
            }
        }
        (self.first, self.second, self.measure) = (first, second, measure)
    }

    package func incomparable(_ reason: String) -> EvaluationError { .incomparable(measure: measure, reason: reason) }

    /// The maps channel by channel.
    ///
    /// - Parameter normalised: Whether each map goes from 0 at its smallest to 1 at its largest number.
    /// - Throws: `EvaluationError.incomparable` where the maps are none over a plane.
    package func planes(
        normalised: Bool = false
    ) throws(EvaluationError) -> (first: MapPlaneStack, second: MapPlaneStack) {
        guard let first = MapPlaneStack(first), let second = MapPlaneStack(second) else {
            throw incomparable(
                "shape \(self.first.shape) is none of [H, W], [C, H, W], [H, W, 3], [1, C, H, W] or [1, H, W, 3]")
        }
        return normalised ? (first.normalised(), second.normalised()) : (first, second)
    }
}

/// A map as planes of one height and width, one a channel.
package struct MapPlaneStack: Sendable {
    package let height: Int
    package let width: Int
    /// `[H W]` numbers a channel.
    package private(set) var channels: [[Double]]

    /// The planes of a map `[H, W]`, `[C, H, W]`, `[H, W, C]`, or one of these behind an axis of length 1; nil of others.
    ///
    /// Three axes have their channels first, unless the last is 3 or 4 long and the first is not 1, 3 or 4.
    package init?(_ map: Tensor<Float>) {
        var shape = map.shape.dimensions
        if shape.count == 4, shape[0] == 1 { shape.removeFirst() }
        if shape.count == 2 { shape.insert(1, at: 0) }
        guard shape.count == 3, map.shape.count > 0 else { return nil }
        let channelsLast = [3, 4].contains(shape[2]) && ![1, 3, 4].contains(shape[0])
        let count = channelsLast ? shape[2] : shape[0]
        (height, width) = channelsLast ? (shape[0], shape[1]) : (shape[1], shape[2])
        let size = height * width
        let elements = map.elements
        channels = (0..<count).map { channel in
            (0..<size).map { Double(elements[channelsLast ? $0 * count + channel : channel * size + $0]) }
        }
    }

    /// The smallest number of all channels becomes 0, the largest 1; a constant map becomes 0.
    func normalised() -> MapPlaneStack {
        let low = channels.reduce(Double.infinity) { min($0, $1.min() ?? $0) }
        let high = channels.reduce(-Double.infinity) { max($0, $1.max() ?? $0) }
        var result = self
        result.channels = channels.map { plane in
            plane.map { low < high ? ($0 - low) / (high - low) : 0 }
        }
        return result
    }
}
