/// Where everything of a `MapGrid` goes.
struct MapGridLayout {
    let width: Int
    private(set) var height = 0
    private let grid: MapGrid
    private var text = FigureText()
    private let labelWidth: Int
    private let verdictWidth: Int
    private let cellWidth: Int
    private let cellHeight: Int
    private let hasPhotographs: Bool
    private var places: [Place] = []

    /// Where a block's maps begin, and how its column names stand.
    private struct Place {
        var block: MapGrid.Block
        var x: Int
        var y: Int
        var headHeight: Int
        var turned: Bool
        var isFirstOfLine: Bool
        var isLastOfLine: Bool
    }

    private static let cellGap = 5
    private static let blockGap = 34
    private static let columnFont = Canvas.Font(size: 13)
    private static let wordFont = Canvas.Font(size: 15, bold: true)
    private static let reasonFont = Canvas.Font(size: 13)
    private static let reasonLine = 16
    /// The steepness of turned column names, and how much of their length goes right and up.
    private static let climb = (degrees: 60.0, right: 0.5, up: 0.866)
    private static let longestName = 200.0
    /// Below this width of a map, blocks stand one below the other.
    private static let comfortableCell = 56
    private static let smallestCell = 14

    init(_ grid: MapGrid) throws(ImagingError) {
        let ruler = try Canvas(width: 1, height: 1, background: FigureStyle.background)
        let blocks = grid.blocks.filter { !$0.columns.isEmpty }
        let labels = grid.rows.map { ruler.measure($0.label, FigureStyle.label).rounded(.up) }.max() ?? 0
        let hasVerdicts = grid.rows.contains { $0.verdict != nil }
        let hasPhotographs = grid.rows.contains { $0.photograph != nil }
        self.grid = grid
        self.hasPhotographs = hasPhotographs
        labelWidth = min(Int(labels), grid.width / 6)
        verdictWidth = hasVerdicts ? min(max(grid.width / 6, 120), 300) : 0

        let margins = 2 * FigureStyle.margin + (labelWidth > 0 ? labelWidth + 14 : 0)
        // Turned names of the last column lean over what follows: the verdicts, or an empty strip.
        let overhang = Int(Self.longestName * Self.climb.right)
        let trailing = hasVerdicts ? verdictWidth + 14 : overhang
        func cell(columns: Int, blocks: Int) -> Int {
            let count = columns + (hasPhotographs ? 1 : 0)
            let gaps = count * Self.cellGap + (blocks - 1) * Self.blockGap + (hasPhotographs ? 10 : 0)
            return min((grid.width - margins - trailing - gaps) / max(count, 1), grid.largestCell)
        }
        let beside = cell(columns: blocks.map(\.columns.count).reduce(0, +), blocks: blocks.count)
        let stacked = cell(columns: blocks.map(\.columns.count).max() ?? 1, blocks: 1)
        let isStacked = grid.arrangement.map { $0 == .stacked } ?? (beside < min(Self.comfortableCell, stacked))
        let cellWidth = isStacked ? stacked : beside
        guard cellWidth >= Self.smallestCell else {
            throw .invalidArgument(
                what: "\(blocks.map(\.columns.count).max() ?? 0) columns do not fit into \(grid.width) pixels",
                advice: "show fewer layers, or make the grid wider (up to 2400)")
        }
        self.cellWidth = cellWidth
        let pictures = grid.rows.compactMap(\.photograph) + blocks.flatMap { $0.maps.joined().compactMap { $0 } }
        let steepest = pictures.map { Double($0.height) / Double($0.width) }.max() ?? 1
        cellHeight = max(Int(Double(cellWidth) * min(max(steepest, 0.3), 1.5)), 18)

        let lines = isStacked ? blocks.map { [$0] } : [blocks]
        let photographs = hasPhotographs ? cellWidth + Self.cellGap + 10 : 0
        let left = FigureStyle.margin + (labelWidth > 0 ? labelWidth + 14 : 0) + photographs
        func extent(_ block: MapGrid.Block) -> Int { block.columns.count * (cellWidth + Self.cellGap) - Self.cellGap }
        let content = lines.map { $0.map(extent).reduce(0, +) + ($0.count - 1) * Self.blockGap }.max() ?? 0
        width = min(
            max(left + content + trailing + FigureStyle.margin, min(FigureStyle.minimumWidth, grid.width)), grid.width)
        let textWidth = Double(width - 2 * FigureStyle.margin)
        var y = text.head(title: grid.title, subtitle: grid.subtitle, width: textWidth, ruler)
        for line in lines {
            let names = line.flatMap(\.columns).map { ruler.measure($0, Self.columnFont) }
            let longest = names.max() ?? 0
            let turned = longest > Double(cellWidth + Self.cellGap) - 4
            let nameHeight = turned ? Int(min(longest, Self.longestName) * Self.climb.up) + 12 : 20
            let headHeight = nameHeight + (line.contains { !$0.title.isEmpty } ? 26 : 0)
            y += headHeight
            var x = left
            for (index, block) in line.enumerated() {
                places.append(
                    Place(
                        block: block, x: x, y: y, headHeight: headHeight, turned: turned, isFirstOfLine: index == 0,
                        isLastOfLine: index == line.count - 1))
                x += extent(block) + Self.blockGap
            }
            y += grid.rows.count * (cellHeight + Self.cellGap)
            y += line.contains { $0.scale != nil } ? FigureStyle.lowBarHeight : 0
            y += FigureStyle.gap / 2
        }
        y = text.captions(grid.captions, y: y, width: textWidth, ruler)
        height = y + FigureStyle.margin - 10
    }

    func draw(on canvas: Canvas) throws(ImagingError) {
        text.draw(on: canvas)
        for place in places {
            writeHead(of: place, on: canvas)
            for row in grid.rows.indices {
                let y = place.y + row * (cellHeight + Self.cellGap)
                if place.isFirstOfLine {
                    writeLabel(grid.rows[row].label, y: y, on: canvas)
                    if let photograph = grid.rows[row].photograph {
                        try draw(photograph, x: place.x - cellWidth - Self.cellGap - 10, y: y, on: canvas)
                    }
                }
                let maps = row < place.block.maps.count ? place.block.maps[row] : []
                for column in place.block.columns.indices {
                    let x = place.x + column * (cellWidth + Self.cellGap)
                    if column < maps.count, let map = maps[column] {
                        try draw(map, x: x, y: y, on: canvas)
                    } else {
                        canvas.write(
                            "–", x: Double(x) + Double(cellWidth) / 2, y: Double(y) + Double(cellHeight) / 2 + 5,
                            FigureStyle.detail, FigureStyle.quiet, alignment: .centre)
                    }
                }
                if place.isLastOfLine, let verdict = grid.rows[row].verdict { write(verdict, y: y, on: canvas) }
            }
            if let scale = place.block.scale {
                let extent = place.block.columns.count * (cellWidth + Self.cellGap) - Self.cellGap
                let length = min(extent, 240)
                canvas.drawColourBar(
                    scale, ticks: scale.ticks(count: min(max(length / 48, 1), 5)), x: place.x,
                    y: place.y + grid.rows.count * (cellHeight + Self.cellGap) + 7, width: length,
                    end: place.x + extent + Self.blockGap)
            }
        }
    }

    private func writeHead(of place: Place, on canvas: Canvas) {
        let columns = place.block.columns.count
        let extent = Double(columns * (cellWidth + Self.cellGap) - Self.cellGap)
        let title = canvas.fitting(place.block.title, width: max(extent, 90), FigureStyle.label)
        canvas.write(
            title, x: Double(place.x), y: Double(place.y - place.headHeight + 14), FigureStyle.label, FigureStyle.ink)
        for (column, name) in place.block.columns.enumerated() {
            let centre = Double(place.x + column * (cellWidth + Self.cellGap)) + Double(cellWidth) / 2
            guard place.turned else {
                canvas.write(
                    name, x: centre, y: Double(place.y - 8), Self.columnFont, FigureStyle.quiet, alignment: .centre)
                continue
            }
            let room = (Double(width) - 12 - centre) / Self.climb.right
            let fitting = canvas.fittingEnds(name, width: min(Self.longestName, room), Self.columnFont)
            canvas.write(
                fitting, x: centre + 4, y: Double(place.y - 5), climbing: Self.climb.degrees, Self.columnFont,
                FigureStyle.quiet)
        }
    }

    private func writeLabel(_ label: String, y: Int, on canvas: Canvas) {
        let lines = canvas.wrapped(
            label, width: Double(labelWidth), lines: max(min(cellHeight / 20, 3), 1), FigureStyle.label)
        let top = Double(y) + Double(cellHeight) / 2 - Double(lines.count * 20) / 2 + 15
        for (index, line) in lines.enumerated() {
            canvas.write(
                line, x: Double(FigureStyle.margin), y: top + Double(index * 20), FigureStyle.label, FigureStyle.ink)
        }
    }

    private func write(_ verdict: MapGrid.Verdict, y: Int, on canvas: Canvas) {
        let x = Double(width - FigureStyle.margin - verdictWidth)
        let room = Double(verdictWidth)
        let lines = max((cellHeight - 18) / Self.reasonLine, 0)
        let word = canvas.fitting(verdict.word, width: room, Self.wordFont)
        canvas.write(word, x: x, y: Double(y + 14), Self.wordFont, verdict.mood.colour)
        if lines > 0 {
            let reason = canvas.wrapped(verdict.reason, width: room, lines: lines, Self.reasonFont)
            for (index, line) in reason.enumerated() {
                canvas.write(
                    line, x: x, y: Double(y + 31 + index * Self.reasonLine), Self.reasonFont, FigureStyle.quiet)
            }
        } else {
            // Low rows have room for one line only.
            let used = word.isEmpty ? 0 : canvas.measure(word, Self.wordFont) + 8
            guard room - used > 40 else { return }
            let reason = canvas.fitting(verdict.reason, width: room - used, Self.reasonFont)
            canvas.write(reason, x: x + used, y: Double(y + 14), Self.reasonFont, FigureStyle.quiet)
        }
    }

    private func draw(_ picture: Picture, x: Int, y: Int, on canvas: Canvas) throws(ImagingError) {
        let ratio = min(
            Double(cellWidth) / Double(picture.width), Double(cellHeight) / Double(picture.height))
        let (width, height) = (
            max(Int(Double(picture.width) * ratio), 1), max(Int(Double(picture.height) * ratio), 1)
        )
        let scaled = try picture.resized(width: width, height: height, filter: ratio > 1 ? .bicubic : .lanczos)
        let (left, top) = (x + (cellWidth - width) / 2, y + (cellHeight - height) / 2)
        canvas.draw(scaled, x: left, y: top)
        canvas.frame(x: left, y: top, scaled)
    }
}

extension MapGrid.Verdict.Mood {
    var colour: Colour {
        switch self {
        case .good: Colour(red: 17, green: 119, blue: 51)
        case .doubtful: Colour(red: 163, green: 98, blue: 0)
        case .bad: Colour(red: 196, green: 24, blue: 34)
        case .neutral: FigureStyle.quiet
        }
    }
}
