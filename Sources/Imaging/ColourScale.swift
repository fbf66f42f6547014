/// What a figure's colour bar shows: the colours and the values at their ends.
public struct ColourScale: Sendable, Hashable {
    /// The colours.
    public var map: ColourMap
    /// The value at the colours' beginning.
    public var low: Double
    /// The value at their end, above `low`.
    public var high: Double

    /// A scale between two values.
    public init(map: ColourMap, low: Double, high: Double) {
        self.map = map
        self.low = low
        self.high = high
    }

    /// Round numbers inside the range, at most `count` + 1 of them.
    package func ticks(count: Int) -> [ValueAxis.Tick] {
        ValueAxis(low: low, high: high).ticks(count: count)
    }
}
