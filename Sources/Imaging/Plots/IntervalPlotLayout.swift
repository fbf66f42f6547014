import Foundation

/// Where everything of an `IntervalPlot` goes.
struct IntervalPlotLayout {
    private(set) var height = 0
    private let plot: IntervalPlot
    private let axis: ValueAxis
    private let ticks: [ValueAxis.Tick]
    private var text = FigureText()
    private let left: Double
    private let right: Double
    private let top: Double
    private let bottom: Double
    private let numbers: [String]

    private static let labelFont = Canvas.Font(size: 15)
    private static let rowHeight = 30.0
    private static let barHeight = 16.0

    init(_ plot: IntervalPlot, axis: ValueAxis) throws(ImagingError) {
        let ruler = try Canvas(width: 1, height: 1, background: FigureStyle.background)
        self.plot = plot
        self.axis = axis
        let textWidth = Double(plot.width - 2 * FigureStyle.margin)
        top = Double(text.head(title: plot.title, subtitle: plot.subtitle, width: textWidth, ruler))
        bottom = top + Self.rowHeight * Double(plot.bars.count) + 4
        numbers = plot.bars.map(Self.number)
        let labels = plot.bars.map { ruler.measure($0.label, Self.labelFont) }.max() ?? 0
        let figures = numbers.map { ruler.measure($0, FigureStyle.tick) }.max() ?? 0
        left = Double(FigureStyle.margin) + min(labels, Double(plot.width) / 3) + 12
        right = Double(plot.width - FigureStyle.margin) - figures - 18
        ticks = axis.ticks(count: min(max(Int(right - left) / 90, 1), 10))
        var y = Int(bottom) + 28 + (plot.horizontal.isEmpty ? 0 : 26)
        y = text.captions(plot.captions, y: y + 8, width: textWidth, ruler)
        height = y + FigureStyle.margin - 10
    }

    private func x(_ value: Double) -> Double {
        left + (right - left) * min(max((value - axis.low) / (axis.high - axis.low), 0), 1)
    }

    func draw(on canvas: Canvas) {
        text.draw(on: canvas)
        for tick in ticks {
            let x = left + (right - left) * tick.place
            canvas.stroke([(x, top, x, bottom)], FigureStyle.line, lineWidth: 1, opacity: 0.6)
            canvas.write(
                tick.text, x: x, y: bottom + 20, FigureStyle.tick, FigureStyle.quiet, alignment: .centre)
        }
        // Bars grow from zero, or from the end of an axis that leaves it out.
        let origin = x(0)
        for (index, bar) in plot.bars.enumerated() {
            let middle = top + Self.rowHeight * (Double(index) + 0.5)
            let label = canvas.fittingEnds(
                bar.label, width: left - Double(FigureStyle.margin) - 12, Self.labelFont)
            canvas.write(
                label, x: left - 12, y: middle + 5, Self.labelFont,
                bar.isReference ? FigureStyle.quiet : FigureStyle.ink, alignment: .trailing)
            canvas.write(numbers[index], x: right + 18, y: middle + 5, FigureStyle.tick, FigureStyle.ink)
            guard bar.value.isFinite else { continue }
            let end = x(bar.value)
            canvas.fill(
                x: min(origin, end), y: middle - Self.barHeight / 2, width: abs(end - origin), height: Self.barHeight,
                bar.isReference ? Colour(grey: 160) : PlotStyle(0).colour, opacity: 0.75)
            drawInterval(of: bar, y: middle, on: canvas)
        }
        canvas.stroke([(origin, top, origin, bottom)], FigureStyle.quiet, lineWidth: 1)
        canvas.write(
            canvas.fitting(plot.horizontal, width: right - left, FigureStyle.detail), x: (left + right) / 2,
            y: bottom + 44, FigureStyle.detail, FigureStyle.quiet, alignment: .centre)
    }

    private func drawInterval(of bar: IntervalPlot.Bar, y: Double, on canvas: Canvas) {
        guard let low = bar.low, let high = bar.high, low.isFinite, high.isFinite else { return }
        let (from, to) = (x(low), x(high))
        canvas.stroke(
            [(from, y, to, y), (from, y - 5, from, y + 5), (to, y - 5, to, y + 5)], FigureStyle.ink, lineWidth: 1.8)
    }

    /// Value and interval in words.
    private static func number(_ bar: IntervalPlot.Bar) -> String {
        guard bar.value.isFinite else { return "no value" }
        func text(_ value: Double) -> String {
            let isPlain = value == 0 || (0.001..<100_000).contains(value.magnitude)
            let digits = value.magnitude < 100 ? "%.3f" : "%.1f"
            return String(format: isPlain ? digits : "%.2e", value).replacingOccurrences(of: "-", with: "−")
        }
        guard let low = bar.low, let high = bar.high, low.isFinite, high.isFinite else { return text(bar.value) }
        return "\(text(bar.value))  [\(text(low)), \(text(high))]"
    }
}
