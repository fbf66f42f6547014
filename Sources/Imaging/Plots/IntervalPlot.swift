/// Level bars with an interval each: one row a value.
public struct IntervalPlot: Sendable, Hashable {
    /// The first line, bold.
    public var title: String
    /// A line under the title.
    public var subtitle: String
    /// The bars, from the top.
    public var bars: [Bar]
    /// What the axis is.
    public var horizontal: String
    /// The ends of the axis; nil chooses 0...1, or -1...1 where a value is negative, or all values' range.
    public var range: ClosedRange<Double>?
    /// Lines under the plot.
    public var captions: [String]
    /// The width in pixels, 480...2400.
    public var width: Int

    /// One value with its interval.
    public struct Bar: Sendable, Hashable {
        /// What it is the value of.
        public var label: String
        /// The value; NaN is said in words.
        public var value: Double
        /// The interval; nil or not finite for none.
        public var low: Double?
        /// The interval; nil or not finite for none.
        public var high: Double?
        /// Whether it is there to compare with: a trivial baseline, in grey.
        public var isReference: Bool

        /// A bar with these parts.
        public init(
            _ label: String, value: Double, low: Double? = nil, high: Double? = nil, isReference: Bool = false
        ) {
            self.label = label
            self.value = value
            self.low = low
            self.high = high
            self.isReference = isReference
        }
    }

    /// A plot with these parts.
    public init(
        title: String, subtitle: String = "", bars: [Bar], horizontal: String = "", range: ClosedRange<Double>? = nil,
        captions: [String] = [], width: Int = 1200
    ) {
        self.title = title
        self.subtitle = subtitle
        self.bars = bars
        self.horizontal = horizontal
        self.range = range
        self.captions = captions
        self.width = width
    }

    /// The plot as a picture.
    /// - Throws: `ImagingError.invalidArgument` for a width out of range, for a range that is empty or not finite, and
    ///   for more bars than a picture is tall.
    public func draw() throws(ImagingError) -> Picture {
        let axis =
            range.map { ValueAxis(low: $0.lowerBound, high: $0.upperBound) }
            ?? .enclosing(bars.flatMap { [$0.value] + [$0.low, $0.high].compactMap { $0 } })
        guard (480...2400).contains(width), axis.low.isFinite, axis.high.isFinite, (axis.high - axis.low).isNormal
        else {
            throw .invalidArgument(
                what: "bars over \(width) pixels and values from \(axis.low) to \(axis.high) cannot be drawn",
                advice: "give a width from 480 to 2400 and a finite range")
        }
        let layout = try IntervalPlotLayout(self, axis: axis)
        let canvas = try Canvas(width: width, height: layout.height, background: FigureStyle.background)
        layout.draw(on: canvas)
        return canvas.picture
    }
}
