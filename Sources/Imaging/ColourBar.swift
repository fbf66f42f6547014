extension Canvas {
    /// Draws an upright colour bar with its numbers to the right.
    func drawColourBar(_ scale: ColourScale, ticks: [ValueAxis.Tick], x: Int, y: Int, height: Int) {
        var bar = Picture(width: FigureStyle.barWidth, height: height)
        bar.paint { _, y in scale.map.colour(at: 1 - (Double(y) + 0.5) / Double(height)) }
        draw(bar, x: x, y: y)
        frame(x: x, y: y, bar)
        let right = Double(x + FigureStyle.barWidth)
        for tick in ticks {
            let place = Double(y) + (1 - tick.place) * Double(height)
            stroke([(right, place, right + 4, place)], FigureStyle.quiet, lineWidth: 1)
            // Numbers at the ends stay beside the bar instead of leaving it.
            let baseline = min(max(place + 5, Double(y) + 11), Double(y + height))
            write(tick.text, x: right + 8, y: baseline, FigureStyle.tick, FigureStyle.ink)
        }
    }

    /// Draws a level colour bar with its numbers below, none of them beyond `end`.
    func drawColourBar(_ scale: ColourScale, ticks: [ValueAxis.Tick], x: Int, y: Int, width: Int, end: Int) {
        var bar = Picture(width: width, height: FigureStyle.barWidth)
        bar.paint { x, _ in scale.map.colour(at: (Double(x) + 0.5) / Double(width)) }
        draw(bar, x: x, y: y)
        frame(x: x, y: y, bar)
        let bottom = Double(y + FigureStyle.barWidth)
        var free = -Double.infinity
        for tick in ticks {
            let place = Double(x) + tick.place * Double(width)
            stroke([(place, bottom, place, bottom + 4)], FigureStyle.quiet, lineWidth: 1)
            let length = measure(tick.text, FigureStyle.tick)
            let start = min(max(place - length / 2, Double(x)), Double(end) - length)
            guard start >= free else { continue }
            write(tick.text, x: start, y: bottom + 18, FigureStyle.tick, FigureStyle.ink)
            free = start + length + 8
        }
    }

    /// Draws a thin line around a picture that stands at this place.
    func frame(x: Int, y: Int, _ picture: Picture) {
        stroke(
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
