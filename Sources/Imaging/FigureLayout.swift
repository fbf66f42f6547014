/// Where everything of a figure goes; made before drawing because text decides sizes.
struct FigureLayout {
    let width: Int
    private(set) var height: Int
    private var cells: [Cell] = []
    private var lines: [Line] = []

    private struct Line {
        var text: String
        var x = Double(FigureStyle.margin)
        var y: Int
        var font: Canvas.Font
        var colour: Colour
    }

    private struct Cell {
        var panel: Figure.Panel
        var x = 0
        var y = 0
        var width: Int
        var height: Int
        var ticks: [ColourScale.Tick] = []
        /// What the label needs, up to a limit.
        var labelWidth = 0
        /// The width of bar and numbers beside the picture; 0 for none.
        var sideBar = 0
        /// The height of bar and numbers below the picture; 0 for none.
        var lowBar = 0
    }

    init(_ figure: Figure) throws(ImagingError) {
        let ruler = try Canvas(width: 1, height: 1, background: FigureStyle.background)
        let margin = FigureStyle.margin
        let gap = FigureStyle.gap
        var rows = Self.sized(figure, ruler)
        let columnCount = rows.map(\.count).max() ?? 0
        let columnWidths = (0..<columnCount).map { column in
            rows.compactMap { row in
                column < row.count ? max(row[column].width + row[column].sideBar, row[column].labelWidth) : nil
            }.max() ?? 0
        }
        let contentWidth = columnWidths.reduce(0, +) + gap * (columnCount - 1)
        width = min(max(contentWidth + 2 * margin, min(FigureStyle.minimumWidth, figure.width)), figure.width)
        let textWidth = Double(width - 2 * margin)

        let score = ruler.fitting(figure.score, width: textWidth * 0.7, FigureStyle.score)
        let scoreWidth = score.isEmpty ? 0 : ruler.measure(score, FigureStyle.score) + 18
        var y = margin
        for line in ruler.wrapped(figure.title, width: textWidth - scoreWidth, lines: 2, FigureStyle.title) {
            lines.append(Line(text: line, y: y + 22, font: FigureStyle.title, colour: FigureStyle.ink))
            y += 36
        }
        if !score.isEmpty {
            let end = lines.last.map { ruler.measure($0.text, $0.font) + 18 } ?? 0
            y += lines.isEmpty ? 36 : 0
            lines.append(
                Line(
                    text: score, x: Double(margin) + end, y: y - 14, font: FigureStyle.score,
                    colour: FigureStyle.accent))
        }
        for line in ruler.wrapped(figure.subtitle, width: textWidth, lines: 2, FigureStyle.subtitle) {
            lines.append(Line(text: line, y: y + 15, font: FigureStyle.subtitle, colour: FigureStyle.quiet))
            y += 26
        }
        y += lines.isEmpty ? 0 : 12
        let left = max(margin, (width - contentWidth) / 2)
        for row in rows.indices where !rows[row].isEmpty {
            let labels = rows[row].contains { !$0.panel.label.isEmpty || !$0.panel.detail.isEmpty }
            y += labels ? FigureStyle.labelHeight : 0
            var x = left
            for column in rows[row].indices {
                rows[row][column].x = x
                rows[row][column].y = y
                x += columnWidths[column] + gap
            }
            cells += rows[row]
            y += (rows[row].map { $0.height + $0.lowBar }.max() ?? 0) + gap * 3 / 4
        }
        for caption in figure.captions {
            for line in ruler.wrapped(caption, width: textWidth, lines: 3, FigureStyle.caption) {
                lines.append(Line(text: line, y: y + 16, font: FigureStyle.caption, colour: FigureStyle.quiet))
                y += 24
            }
        }
        height = y + margin - (figure.captions.isEmpty ? gap * 3 / 4 : 4)
    }

    /// The cells with their sizes, before they have places.
    private static func sized(_ figure: Figure, _ ruler: Canvas) -> [[Cell]] {
        let columnCount = figure.rows.map(\.count).max() ?? 1
        let available = figure.width - 2 * FigureStyle.margin - FigureStyle.gap * (columnCount - 1)
        let bars = (0..<columnCount).map { column in
            figure.rows.compactMap { row in
                column < row.count ? row[column].scale.map { barSpace(ticks(of: $0, along: 400), ruler) } : nil
            }.max() ?? 0
        }
        let cellWidth = max((available - bars.reduce(0, +)) / columnCount, 40)
        return figure.rows.map { row in
            row.enumerated().map { column, panel in
                let picture = panel.picture
                let ratio = min(
                    Double(cellWidth) / Double(picture.width),
                    Double(max(figure.maximumPanelHeight, 40)) / Double(picture.height),
                    FigureStyle.largestEnlargement)
                var cell = Cell(
                    panel: panel, width: max(Int(Double(picture.width) * ratio), 1),
                    height: max(Int(Double(picture.height) * ratio), 1))
                let labelWidth = ruler.measure(panel.label, FigureStyle.label).rounded(.up)
                cell.labelWidth = min(Int(labelWidth), max(cellWidth, cell.width))
                if let scale = panel.scale {
                    let beside = cell.height >= FigureStyle.shortestBar
                    cell.ticks = ticks(of: scale, along: beside ? cell.height : cell.width)
                    cell.sideBar = beside ? bars[column] : 0
                    cell.lowBar = beside ? 0 : FigureStyle.lowBarHeight
                }
                return cell
            }
        }
    }

    private static func ticks(of scale: ColourScale, along length: Int) -> [ColourScale.Tick] {
        scale.ticks(count: min(max(length / 48, 3), 6))
    }

    private static func barSpace(_ ticks: [ColourScale.Tick], _ ruler: Canvas) -> Int {
        let text = ticks.map { ruler.measure($0.text, FigureStyle.tick) }.max() ?? 0
        return FigureStyle.barGap + FigureStyle.barWidth + 10 + Int(text.rounded(.up))
    }

    func draw(on canvas: Canvas) throws(ImagingError) {
        for line in lines {
            canvas.write(line.text, x: line.x, y: Double(line.y), line.font, line.colour)
        }
        for cell in cells {
            let picture = cell.panel.picture
            let enlarged = cell.width > picture.width
            let scaled = try picture.resized(
                width: cell.width, height: cell.height, filter: enlarged ? .bicubic : .lanczos)
            canvas.draw(scaled, x: cell.x, y: cell.y)
            canvas.stroke(
                x: Double(cell.x) - 0.5, y: Double(cell.y) - 0.5, width: Double(cell.width) + 1,
                height: Double(cell.height) + 1, FigureStyle.line, lineWidth: 1)
            writeLabel(of: cell, on: canvas)
            if let scale = cell.panel.scale {
                if cell.lowBar > 0 {
                    drawLowBar(scale, of: cell, on: canvas)
                } else {
                    drawSideBar(scale, of: cell, on: canvas)
                }
            }
        }
    }

    private func writeLabel(of cell: Cell, on canvas: Canvas) {
        // A label may be as wide as its column, so that narrow pictures keep theirs.
        let next = cells.filter { $0.y == cell.y && $0.x > cell.x }.map(\.x).min()
        let right = next.map { $0 - FigureStyle.gap } ?? width - FigureStyle.margin
        let room = Double(right - cell.x)
        let baseline = Double(cell.y - 10)
        let label = canvas.fitting(cell.panel.label, width: room, FigureStyle.label)
        canvas.write(label, x: Double(cell.x), y: baseline, FigureStyle.label, FigureStyle.ink)
        let used = label.isEmpty ? 0 : canvas.measure(label, FigureStyle.label) + 10
        guard !cell.panel.detail.isEmpty, room - used > 40 else { return }
        let detail = canvas.fitting(cell.panel.detail, width: room - used, FigureStyle.detail)
        canvas.write(detail, x: Double(cell.x) + used, y: baseline, FigureStyle.detail, FigureStyle.quiet)
    }

    private func drawSideBar(_ scale: ColourScale, of cell: Cell, on canvas: Canvas) {
        let x = cell.x + cell.width + FigureStyle.barGap
        var bar = Picture(width: FigureStyle.barWidth, height: cell.height)
        bar.paint { _, y in scale.map.colour(at: 1 - (Double(y) + 0.5) / Double(cell.height)) }
        canvas.draw(bar, x: x, y: cell.y)
        frame(x: x, y: cell.y, bar, on: canvas)
        let right = Double(x + FigureStyle.barWidth)
        for tick in cell.ticks {
            let y = Double(cell.y) + (1 - tick.place) * Double(cell.height)
            canvas.stroke([(right, y, right + 4, y)], FigureStyle.quiet, lineWidth: 1)
            // Numbers at the ends stay beside the bar instead of leaving it.
            let baseline = min(max(y + 5, Double(cell.y) + 11), Double(cell.y + cell.height))
            canvas.write(tick.text, x: right + 8, y: baseline, FigureStyle.tick, FigureStyle.ink)
        }
    }

    private func drawLowBar(_ scale: ColourScale, of cell: Cell, on canvas: Canvas) {
        let y = cell.y + cell.height + FigureStyle.barGap
        var bar = Picture(width: cell.width, height: FigureStyle.barWidth)
        bar.paint { x, _ in scale.map.colour(at: (Double(x) + 0.5) / Double(cell.width)) }
        canvas.draw(bar, x: cell.x, y: y)
        frame(x: cell.x, y: y, bar, on: canvas)
        let bottom = Double(y + FigureStyle.barWidth)
        var free = -Double.infinity
        for tick in cell.ticks {
            let x = Double(cell.x) + tick.place * Double(cell.width)
            canvas.stroke([(x, bottom, x, bottom + 4)], FigureStyle.quiet, lineWidth: 1)
            let length = canvas.measure(tick.text, FigureStyle.tick)
            let start = min(max(x - length / 2, Double(cell.x)), Double(width - FigureStyle.margin) - length)
            guard start >= free else { continue }
            canvas.write(tick.text, x: start, y: bottom + 18, FigureStyle.tick, FigureStyle.ink)
            free = start + length + 8
        }
    }

    private func frame(x: Int, y: Int, _ picture: Picture, on canvas: Canvas) {
        canvas.stroke(
            x: Double(x) - 0.5, y: Double(y) - 0.5, width: Double(picture.width) + 1,
            height: Double(picture.height) + 1, FigureStyle.line, lineWidth: 1)
    }
}

extension Picture {
    /// Gives every pixel the colour that `colour` names for its column and row.
    fileprivate mutating func paint(_ colour: (_ x: Int, _ y: Int) -> Colour) {
        let width = self.width
        let height = self.height
        mutatePixels { pixels in
            for y in 0..<height {
                for x in 0..<width {
                    let value = colour(x, y)
                    let index = (y * width + x) * 3
                    (pixels[index], pixels[index + 1], pixels[index + 2]) = (value.red, value.green, value.blue)
                }
            }
        }
    }
}
