/// How series of a plot are told apart: colours that stay different for colour-blind eyes, dashes and markers.
struct PlotStyle {
    let colour: Colour
    let dashes: [Double]
    let marker: Marker

    enum Marker: CaseIterable { case disc, square, triangle, diamond, ring }

    /// Okabe and Ito's palette (2008) without its yellow, which is lost on white.
    private static let colours = [
        Colour(red: 0, green: 114, blue: 178), Colour(red: 213, green: 94, blue: 0),
        Colour(red: 0, green: 158, blue: 115), Colour(red: 204, green: 121, blue: 167),
        Colour(red: 230, green: 159, blue: 0), Colour(red: 86, green: 180, blue: 233),
        Colour(grey: 0),
    ]

    /// The style of the series with this number, different from those of the 104 before it.
    init(_ index: Int) {
        let count = Self.colours.count
        colour = Self.colours[index % count]
        dashes = [[], [8, 4], [2, 3]][index / count % 3]
        marker = Marker.allCases[index % Marker.allCases.count]
    }

    /// Draws the marker around a point.
    func mark(x: Double, y: Double, on canvas: Canvas) {
        let size = 4.0
        switch marker {
        case .square: canvas.fill(x: x - size, y: y - size, width: 2 * size, height: 2 * size, colour)
        case .triangle: canvas.fill(outline: [(x - 5, y + size), (x + 5, y + size), (x, y - 5)], colour)
        case .diamond: canvas.fill(outline: [(x - 5.5, y), (x, y - 5.5), (x + 5.5, y), (x, y + 5.5)], colour)
        case .disc, .ring:
            // A line without length and with round ends is a disc.
            canvas.stroke([(x, y, x, y)], colour, lineWidth: 9)
            if marker == .ring { canvas.stroke([(x, y, x, y)], FigureStyle.background, lineWidth: 5) }
        }
    }

    /// Draws line and marker as the legend shows them.
    func drawSample(x: Double, y: Double, width: Double, on canvas: Canvas) {
        canvas.stroke(path: [(x, y), (x + width, y)], colour, lineWidth: 2.5, dashes: dashes)
        mark(x: x + width / 2, y: y, on: canvas)
    }
}
