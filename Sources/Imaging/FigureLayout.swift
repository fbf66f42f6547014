/// Where everything of a figure goes; made before drawing because text decides sizes.
struct FigureLayout {
    let width: Int
    private(set) var height: Int
    private var cells: [Cell] = []
    private var text = FigureText()

    private struct Cell {
        var panel: Figure.Panel
        var x = 0
        var y = 0
        var width: Int
        var height: Int
        var ticks: [ValueAxis.Tick] = []
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

        var y = text.head(
            title: figure.title, score: figure.score, subtitle: figure.subtitle, width: textWidth, ruler)
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
        y = text.captions(figure.captions, y: y, width: textWidth, ruler)
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

    private static func ticks(of scale: ColourScale, along length: Int) -> [ValueAxis.Tick] {
        scale.ticks(count: min(max(length / 48, 3), 6))
    }

    private static func barSpace(_ ticks: [ValueAxis.Tick], _ ruler: Canvas) -> Int {
        let text = ticks.map { ruler.measure($0.text, FigureStyle.tick) }.max() ?? 0
        return FigureStyle.barGap + FigureStyle.barWidth + 10 + Int(text.rounded(.up))
    }

    func draw(on canvas: Canvas) throws(ImagingError) {
        text.draw(on: canvas)
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
                    canvas.drawColourBar(
                        scale, ticks: cell.ticks, x: cell.x, y: cell.y + cell.height + FigureStyle.barGap,
                        width: cell.width, end: width - FigureStyle.margin)
                } else {
                    canvas.drawColourBar(
                        scale, ticks: cell.ticks, x: cell.x + cell.width + FigureStyle.barGap, y: cell.y,
                        height: cell.height)
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
}
