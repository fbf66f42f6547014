/// The lines of text above and below a figure's pictures, laid out before anything is drawn.
struct FigureText {
    private var lines: [Line] = []

    private struct Line {
        var text: String
        var x = Double(FigureStyle.margin)
        var y: Int
        var font: Canvas.Font
        var colour: Colour
    }

    /// Title with its score and the subtitle from the upper margin on.
    /// - Returns: where the content under them begins.
    mutating func head(title: String, score: String = "", subtitle: String, width: Double, _ ruler: Canvas) -> Int {
        let score = ruler.fitting(score, width: width * 0.7, FigureStyle.score)
        let scoreWidth = score.isEmpty ? 0 : ruler.measure(score, FigureStyle.score) + 18
        var y = FigureStyle.margin
        for line in ruler.wrapped(title, width: width - scoreWidth, lines: 2, FigureStyle.title) {
            lines.append(Line(text: line, y: y + 22, font: FigureStyle.title, colour: FigureStyle.ink))
            y += 36
        }
        if !score.isEmpty {
            let end = lines.last.map { ruler.measure($0.text, $0.font) + 18 } ?? 0
            y += lines.isEmpty ? 36 : 0
            lines.append(
                Line(
                    text: score, x: Double(FigureStyle.margin) + end, y: y - 14, font: FigureStyle.score,
                    colour: FigureStyle.accent))
        }
        for line in ruler.wrapped(subtitle, width: width, lines: 2, FigureStyle.subtitle) {
            lines.append(Line(text: line, y: y + 15, font: FigureStyle.subtitle, colour: FigureStyle.quiet))
            y += 26
        }
        return y + (lines.isEmpty ? 0 : 12)
    }

    /// Lines under the content, from `y` on.
    /// - Returns: where they end.
    mutating func captions(_ captions: [String], y: Int, width: Double, _ ruler: Canvas) -> Int {
        var y = y
        for caption in captions {
            for line in ruler.wrapped(caption, width: width, lines: 3, FigureStyle.caption) {
                lines.append(Line(text: line, y: y + 16, font: FigureStyle.caption, colour: FigureStyle.quiet))
                y += 24
            }
        }
        return y
    }

    func draw(on canvas: Canvas) {
        for line in lines {
            canvas.write(line.text, x: line.x, y: Double(line.y), line.font, line.colour)
        }
    }
}
