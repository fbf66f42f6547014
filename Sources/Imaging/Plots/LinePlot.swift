/// Lines over named positions, each with a band of spread, and level reference lines; a legend beside them.
public struct LinePlot: Sendable, Hashable {
    /// The first line, bold.
    public var title: String
    /// A line under the title.
    public var subtitle: String
    /// The names along the horizontal axis, from the left.
    public var positions: [String]
    /// What the horizontal axis is.
    public var horizontal: String
    /// What the vertical axis is.
    public var vertical: String
    /// The lines.
    public var series: [Series]
    /// Values to compare with, as dashed level lines.
    public var references: [Reference]
    /// The ends of the vertical axis; nil chooses 0...1, or -1...1 where a value is negative, or all values' range.
    public var range: ClosedRange<Double>?
    /// Lines under the plot.
    public var captions: [String]
    /// The width in pixels, 480...2400.
    public var width: Int
    /// The height of the plotting area in pixels, 120...2400.
    public var plotHeight: Int

    /// One line.
    public struct Series: Sendable, Hashable {
        /// Its name in the legend.
        public var name: String
        /// A value for every position; NaN and missing ones leave a gap.
        public var values: [Double]
        /// The band's lower edge; empty for none.
        public var low: [Double]
        /// The band's upper edge; empty for none.
        public var high: [Double]

        /// A line, with a band where both edges are given.
        public init(_ name: String, values: [Double], low: [Double] = [], high: [Double] = []) {
            self.name = name
            self.values = values
            self.low = low
            self.high = high
        }
    }

    /// A level line.
    public struct Reference: Sendable, Hashable {
        /// What it stands for.
        public var name: String
        /// Where it lies; NaN draws none.
        public var value: Double

        /// A level line.
        public init(_ name: String, value: Double) {
            self.name = name
            self.value = value
        }
    }

    /// A plot with these parts.
    public init(
        title: String, subtitle: String = "", positions: [String], horizontal: String = "", vertical: String = "",
        series: [Series], references: [Reference] = [], range: ClosedRange<Double>? = nil, captions: [String] = [],
        width: Int = 1400, plotHeight: Int = 520
    ) {
        self.title = title
        self.subtitle = subtitle
        self.positions = positions
        self.horizontal = horizontal
        self.vertical = vertical
        self.series = series
        self.references = references
        self.range = range
        self.captions = captions
        self.width = width
        self.plotHeight = plotHeight
    }

    /// The plot as a picture.
    /// - Throws: `ImagingError.invalidArgument` without positions, for sizes out of range, and for a range that is
    ///   empty or not finite.
    public func draw() throws(ImagingError) -> Picture {
        let axis = axis
        guard !positions.isEmpty, (480...2400).contains(width), (120...2400).contains(plotHeight), axis.low.isFinite,
            axis.high.isFinite, (axis.high - axis.low).isNormal
        else {
            throw .invalidArgument(
                what: "a plot of \(positions.count) positions, \(width)x\(plotHeight) pixels and values from "
                    + "\(axis.low) to \(axis.high) cannot be drawn",
                advice: "give at least one position, a width from 480 and a height from 120 to 2400, and a finite range"
            )
        }
        let layout = try LinePlotLayout(self, axis: axis)
        let canvas = try Canvas(width: width, height: layout.height, background: FigureStyle.background)
        layout.draw(on: canvas)
        return canvas.picture
    }

    /// The vertical axis that `range` asks for.
    private var axis: ValueAxis {
        if let range { return ValueAxis(low: range.lowerBound, high: range.upperBound) }
        // A band of mean and deviation may leave the values' own bounds; it is cut there.
        return .enclosing(series.flatMap(\.values) + references.map(\.value))
    }
}

extension ValueAxis {
    /// 0...1, or -1...1 where a finite value is negative, or what all finite values need.
    static func enclosing(_ values: [Double]) -> ValueAxis {
        let finite = values.filter(\.isFinite)
        let (least, most) = (finite.min() ?? 0, finite.max() ?? 1)
        if least >= -1, most <= 1 { return ValueAxis(low: least < 0 ? -1 : 0, high: 1) }
        // Half keeps the sum of huge ends finite.
        let margin = max(most / 2 - least / 2, most.magnitude / 1e9) / 10
        return ValueAxis(low: least >= 0 ? 0 : least - margin, high: most <= 0 ? 0 : most + margin)
    }
}
