/// Where everything of a `LinePlot` goes.
struct LinePlotLayout {
    private(set) var height = 0
    private let plot: LinePlot
    private let axis: ValueAxis
    private let ticks: [ValueAxis.Tick]
    private var text = FigureText()
    private let left: Double
    private let right: Double
    private let top: Double
    private let bottom: Double
    private let namesAreTurned: Bool
    /// Every how many positions have their name written.
    private let nameStep: Int

    private static let nameFont = Canvas.Font(size: 13)
    private static let legendFont = Canvas.Font(size: 14)
    private static let legendLine = 23
    private static let sample = 34.0
    private static let longestName = 190.0
    private static let climb = (degrees: 45.0, part: 0.7071)

    init(_ plot: LinePlot, axis: ValueAxis) throws(ImagingError) {
        let ruler = try Canvas(width: 1, height: 1, background: FigureStyle.background)
        self.plot = plot
        self.axis = axis
        ticks = axis.ticks(count: min(max(plot.plotHeight / 52, 2), 10))
        let textWidth = Double(plot.width - 2 * FigureStyle.margin)
        top = Double(text.head(title: plot.title, subtitle: plot.subtitle, width: textWidth, ruler) + 10)
        bottom = top + Double(plot.plotHeight)

        let entries = plot.series.map(\.name) + plot.references.map(\.name)
        let names = entries.map { ruler.measure($0, Self.legendFont) }.max() ?? 0
        let legend = entries.isEmpty ? 0 : min(names, Double(plot.width) / 4) + Self.sample + 34
        let numbers = ticks.map { ruler.measure($0.text, FigureStyle.tick) }.max() ?? 0
        let margin = Double(FigureStyle.margin)
        left = margin + numbers + 12 + (plot.vertical.isEmpty ? 0 : 24)
        right = max(Double(plot.width) - margin - legend, left + 60)

        let spacing = (right - left) / Double(plot.positions.count)
        let lengths = plot.positions.map { ruler.measure($0, Self.nameFont) }
        let longest = min(lengths.max() ?? 0, Self.longestName)
        namesAreTurned = longest > spacing - 8
        nameStep = max(Int((17 / spacing).rounded(.up)), 1)
        var y = Int(bottom) + 14 + (namesAreTurned ? Int(longest * Self.climb.part) + 12 : 16)
        y += plot.horizontal.isEmpty ? 0 : 28
        y = max(y, Int(top) + entries.count * Self.legendLine)
        y = text.captions(plot.captions, y: y + 10, width: textWidth, ruler)
        height = y + FigureStyle.margin - 10
    }

    private func x(_ position: Int) -> Double {
        left + (right - left) * (Double(position) + 0.5) / Double(plot.positions.count)
    }

    /// Where a value lies; values far beyond the axis are moved to where they are clipped anyway.
    private func y(_ value: Double) -> Double {
        let place = min(max((value - axis.low) / (axis.high - axis.low), -2), 3)
        return bottom - (bottom - top) * place
    }

    func draw(on canvas: Canvas) {
        text.draw(on: canvas)
        drawAxes(on: canvas)
        canvas.clipped(x: left, y: top - 6, width: right - left, height: bottom - top + 12) {
            for (index, series) in plot.series.enumerated() { drawBand(of: series, PlotStyle(index), on: canvas) }
            for (index, reference) in plot.references.enumerated() where reference.value.isFinite {
                let y = y(reference.value)
                canvas.stroke(
                    path: [(left, y), (right, y)], FigureStyle.quiet, lineWidth: 1.5, dashes: Self.dashes(index))
            }
            for (index, series) in plot.series.enumerated() { drawLine(of: series, PlotStyle(index), on: canvas) }
        }
        drawLegend(on: canvas)
    }

    private func drawAxes(on canvas: Canvas) {
        for tick in ticks {
            let y = bottom - (bottom - top) * tick.place
            canvas.stroke([(left, y, right, y)], FigureStyle.line, lineWidth: 1, opacity: 0.6)
            canvas.write(
                tick.text, x: left - 8, y: y + 5, FigureStyle.tick, FigureStyle.quiet, alignment: .trailing)
        }
        canvas.stroke([(left, top, left, bottom), (left, bottom, right, bottom)], FigureStyle.quiet, lineWidth: 1)
        for position in stride(from: 0, to: plot.positions.count, by: nameStep) {
            let x = x(position)
            canvas.stroke([(x, bottom, x, bottom + 5)], FigureStyle.quiet, lineWidth: 1)
            let name = plot.positions[position]
            if namesAreTurned {
                // The first names end where the picture begins.
                let room = min(Self.longestName, (x - 8) / Self.climb.part)
                canvas.write(
                    canvas.fittingEnds(name, width: room, Self.nameFont), x: x + 4, y: bottom + 16,
                    climbing: Self.climb.degrees, Self.nameFont, FigureStyle.ink, alignment: .trailing)
            } else {
                canvas.write(
                    canvas.fittingEnds(name, width: Self.longestName, Self.nameFont), x: x, y: bottom + 21,
                    Self.nameFont, FigureStyle.ink, alignment: .centre)
            }
        }
        if !plot.horizontal.isEmpty {
            let nameHeight = plot.positions.map { min(canvas.measure($0, Self.nameFont), Self.longestName) }.max() ?? 0
            let y = bottom + (namesAreTurned ? nameHeight * Self.climb.part + 44 : 48)
            canvas.write(
                canvas.fitting(plot.horizontal, width: right - left, FigureStyle.detail), x: (left + right) / 2, y: y,
                FigureStyle.detail, FigureStyle.quiet, alignment: .centre)
        }
        canvas.write(
            canvas.fitting(plot.vertical, width: bottom - top, FigureStyle.detail),
            x: Double(FigureStyle.margin) + 6, y: (top + bottom) / 2, climbing: 90, FigureStyle.detail,
            FigureStyle.quiet, alignment: .centre)
    }

    private func drawBand(of series: LinePlot.Series, _ style: PlotStyle, on canvas: Canvas) {
        let edges = plot.positions.indices.map { position -> (low: Double, high: Double)? in
            guard position < series.low.count, position < series.high.count, position < series.values.count,
                series.low[position].isFinite, series.high[position].isFinite, series.values[position].isFinite
            else { return nil }
            return (series.low[position], series.high[position])
        }
        for run in Self.runs(edges.map { $0 != nil }) {
            let band = run.compactMap { position in
                edges[position].map { (x: x(position), low: y($0.low), high: y($0.high)) }
            }
            if band.count == 1 {
                canvas.stroke([(band[0].x, band[0].low, band[0].x, band[0].high)], style.colour, lineWidth: 2)
            } else {
                canvas.fill(
                    outline: band.map { ($0.x, $0.high) } + band.reversed().map { ($0.x, $0.low) }, style.colour,
                    opacity: 0.16)
            }
        }
    }

    private func drawLine(of series: LinePlot.Series, _ style: PlotStyle, on canvas: Canvas) {
        let values = plot.positions.indices.map { $0 < series.values.count ? series.values[$0] : .nan }
        for run in Self.runs(values.map(\.isFinite)) {
            let points = run.map { (x: x($0), y: y(values[$0])) }
            canvas.stroke(path: points, style.colour, lineWidth: 2.5, dashes: style.dashes)
            // Where positions are dense, markers would hide the line.
            for point in points where plot.positions.count <= 40 || points.count == 1 {
                style.mark(x: point.x, y: point.y, on: canvas)
            }
        }
    }

    private func drawLegend(on canvas: Canvas) {
        let x = right + 24
        let room = Double(plot.width - FigureStyle.margin) - x - Self.sample - 10
        var y = top + 10
        func entry(_ name: String, _ sample: (_ y: Double) -> Void) {
            sample(y)
            canvas.write(
                canvas.fittingEnds(name, width: room, Self.legendFont), x: x + Self.sample + 10, y: y + 5,
                Self.legendFont, FigureStyle.ink)
            y += Double(Self.legendLine)
        }
        for (index, series) in plot.series.enumerated() {
            entry(series.name) { PlotStyle(index).drawSample(x: x, y: $0, width: Self.sample, on: canvas) }
        }
        for (index, reference) in plot.references.enumerated() {
            entry(reference.name) { y in
                canvas.stroke(
                    path: [(x, y), (x + Self.sample, y)], FigureStyle.quiet, lineWidth: 1.5, dashes: Self.dashes(index))
            }
        }
    }

    /// The dashes of the reference line with this number.
    private static func dashes(_ index: Int) -> [Double] { [[7, 5], [2, 4], [12, 4, 2, 4]][index % 3] }

    /// The ranges of neighbouring positions that hold a value.
    private static func runs(_ present: [Bool]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var start = 0
        while start < present.count {
            guard present[start] else {
                start += 1
                continue
            }
            let end = present[start...].firstIndex(of: false) ?? present.count
            result.append(start..<end)
            start = end
        }
        return result
    }
}
