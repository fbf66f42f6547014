import Archives
import CCairo

/// A drawing surface over cairo; coordinates are pixels from the upper left corner.
@safe final class Canvas {
    let width: Int
    let height: Int
    private let surface: OpaquePointer
    private let context: OpaquePointer

    /// A typeface of the figures at a size in pixels.
    struct Font {
        var size: Double
        var bold = false
    }

    /// Where a text stands relative to its x.
    enum Alignment { case leading, centre, trailing }

    /// An empty canvas.
    /// - Throws: `ImagingError.invalidArgument` for sizes outside 1...32767 (cairo's limit) or without memory.
    init(width: Int, height: Int, background: Colour) throws(ImagingError) {
        let tooLarge = ImagingError.invalidArgument(
            what: "a picture of \(width)x\(height) cannot be drawn on", advice: "use fewer panels or a smaller picture")
        guard (1...32767).contains(width), (1...32767).contains(height) else { throw tooLarge }
        guard let surface = unsafe cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height)) else {
            throw tooLarge
        }
        guard unsafe cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS, let context = unsafe cairo_create(surface)
        else {
            unsafe cairo_surface_destroy(surface)
            throw tooLarge
        }
        self.width = width
        self.height = height
        unsafe self.surface = unsafe surface
        unsafe self.context = unsafe context
        fill(x: 0, y: 0, width: Double(width), height: Double(height), background)
    }

    /// A canvas that shows a picture.
    /// - Throws: as `init(width:height:background:)`.
    convenience init(_ picture: Picture) throws(ImagingError) {
        try self.init(width: picture.width, height: picture.height, background: Colour(grey: 0))
        draw(picture, x: 0, y: 0)
    }

    deinit {
        unsafe cairo_destroy(context)
        unsafe cairo_surface_destroy(surface)
    }

    /// What was drawn.
    var picture: Picture {
        var result = Picture(width: width, height: height)
        unsafe withPixels { words, stride in
            result.mutatePixels { pixels in
                for y in 0..<height {
                    for x in 0..<width {
                        let word = unsafe words[y * stride + x]
                        let index = (y * width + x) * 3
                        pixels[index] = UInt8(truncatingIfNeeded: word >> 16)
                        pixels[index + 1] = UInt8(truncatingIfNeeded: word >> 8)
                        pixels[index + 2] = UInt8(truncatingIfNeeded: word)
                    }
                }
            }
        }
        return result
    }

    /// Copies a picture pixel by pixel; what does not fit is left out.
    func draw(_ picture: Picture, x left: Int, y top: Int) {
        let columns = max(0, -left)..<max(0, -left, min(picture.width, width - left))
        let rows = max(0, -top)..<max(0, -top, min(picture.height, height - top))
        unsafe withPixels { words, stride in
            for y in rows {
                for x in columns {
                    let index = (y * picture.width + x) * 3
                    let (red, green, blue) = (
                        picture.pixels[index], picture.pixels[index + 1], picture.pixels[index + 2]
                    )
                    unsafe words[(y + top) * stride + x + left] =
                        UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
                }
            }
        }
        unsafe cairo_surface_mark_dirty(surface)
    }

    /// Fills a rectangle.
    func fill(x: Double, y: Double, width: Double, height: Double, _ colour: Colour, opacity: Double = 1) {
        use(colour, opacity)
        unsafe cairo_rectangle(context, x, y, width, height)
        unsafe cairo_fill(context)
    }

    /// Draws a rectangle's outline.
    func stroke(x: Double, y: Double, width: Double, height: Double, _ colour: Colour, lineWidth: Double) {
        use(colour, 1)
        unsafe cairo_set_line_width(context, lineWidth)
        unsafe cairo_rectangle(context, x, y, width, height)
        unsafe cairo_stroke(context)
    }

    /// Draws separate lines with round ends.
    func stroke(
        _ segments: [(x0: Double, y0: Double, x1: Double, y1: Double)], _ colour: Colour, lineWidth: Double,
        opacity: Double = 1
    ) {
        use(colour, opacity)
        unsafe cairo_set_line_width(context, lineWidth)
        unsafe cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
        for segment in segments {
            unsafe cairo_move_to(context, segment.x0, segment.y0)
            unsafe cairo_line_to(context, segment.x1, segment.y1)
        }
        unsafe cairo_stroke(context)
    }

    /// Draws connected lines; `dashes` are lengths of line and gap in turn.
    func stroke(path: [(x: Double, y: Double)], _ colour: Colour, lineWidth: Double, dashes: [Double] = []) {
        guard let first = path.first else { return }
        use(colour, 1)
        unsafe cairo_set_line_width(context, lineWidth)
        unsafe cairo_set_line_cap(context, CAIRO_LINE_CAP_BUTT)
        unsafe cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        unsafe cairo_set_dash(context, dashes, Int32(dashes.count), 0)
        unsafe cairo_move_to(context, first.x, first.y)
        for point in path.dropFirst() { unsafe cairo_line_to(context, point.x, point.y) }
        unsafe cairo_stroke(context)
        unsafe cairo_set_dash(context, [], 0, 0)
    }

    /// Fills what a closed outline surrounds.
    func fill(outline: [(x: Double, y: Double)], _ colour: Colour, opacity: Double = 1) {
        guard let first = outline.first else { return }
        use(colour, opacity)
        unsafe cairo_move_to(context, first.x, first.y)
        for point in outline.dropFirst() { unsafe cairo_line_to(context, point.x, point.y) }
        unsafe cairo_close_path(context)
        unsafe cairo_fill(context)
    }

    /// Leaves out what `body` draws beyond a rectangle.
    func clipped(x: Double, y: Double, width: Double, height: Double, _ body: () -> Void) {
        unsafe cairo_save(context)
        unsafe cairo_rectangle(context, x, y, width, height)
        unsafe cairo_clip(context)
        body()
        unsafe cairo_restore(context)
    }

    /// Writes one line that climbs by `degrees` from (or, trailing, to) a point on its baseline.
    func write(
        _ text: String, x: Double, y: Double, climbing degrees: Double, _ font: Font, _ colour: Colour,
        alignment: Alignment = .leading
    ) {
        unsafe cairo_save(context)
        unsafe cairo_translate(context, x, y)
        unsafe cairo_rotate(context, -degrees * .pi / 180)
        write(text, x: 0, y: 0, font, colour, alignment: alignment)
        unsafe cairo_restore(context)
    }

    /// Writes one line with its baseline at `y`.
    func write(
        _ text: String, x: Double, y: Double, _ font: Font, _ colour: Colour, alignment: Alignment = .leading
    ) {
        let text = Self.printable(text)
        let advance = alignment == .leading ? 0 : measure(text, font)
        use(colour, 1)
        select(font)
        unsafe cairo_move_to(
            context, alignment == .trailing ? x - advance : alignment == .centre ? x - advance / 2 : x, y)
        unsafe cairo_show_text(context, text)
    }

    /// The width of a text in pixels.
    func measure(_ text: String, _ font: Font) -> Double {
        select(font)
        var extents = cairo_text_extents_t()
        unsafe cairo_text_extents(context, Self.printable(text), &extents)
        return extents.x_advance
    }

    private func select(_ font: Font) {
        unsafe cairo_select_font_face(
            context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
            font.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
        unsafe cairo_set_font_size(context, font.size)
    }

    private func use(_ colour: Colour, _ opacity: Double) {
        unsafe cairo_set_source_rgba(
            context, Double(colour.red) / 255, Double(colour.green) / 255, Double(colour.blue) / 255, opacity)
    }

    private func withPixels(_ body: (UnsafeMutablePointer<UInt32>, _ stride: Int) -> Void) {
        unsafe cairo_surface_flush(surface)
        guard let bytes = unsafe cairo_image_surface_get_data(surface) else { return }
        let stride = Int(unsafe cairo_image_surface_get_stride(surface)) / 4
        // cairo promises rows of 32-bit words in native byte order.
        unsafe bytes.withMemoryRebound(to: UInt32.self, capacity: stride * height) { words in
            unsafe body(words, stride)
        }
    }

    /// Control characters have no glyph, NUL would end a C string, and what has no end would take as long to measure.
    private static func printable(_ text: String) -> String { text.shortened(to: 1000).shown }
}

extension Canvas {
    /// More characters than any figure has room for in a line.
    private static let longest = 1000

    /// The text, or as much of its start as fits with an ellipsis.
    func fitting(_ text: String, width: Double, _ font: Font) -> String {
        guard text.utf8.count > Self.longest || measure(text, font) > width else { return text }
        let characters = Array(text.prefix(Self.longest))
        var (fits, tooLong) = (0, characters.count)
        while tooLong - fits > 1 {
            let middle = (fits + tooLong) / 2
            let candidate = String(characters[..<middle]) + "…"
            if measure(candidate, font) <= width { fits = middle } else { tooLong = middle }
        }
        var start = characters[..<fits]
        while start.last == " " { start.removeLast() }
        return String(start) + "…"
    }

    /// The text, or as much of its start and end as fits with an ellipsis between them: names of layers differ at both.
    func fittingEnds(_ text: String, width: Double, _ font: Font) -> String {
        guard text.utf8.count > Self.longest || measure(text, font) > width else { return text }
        let characters = Array(text.shortened(to: Self.longest))
        var kept = min(characters.count - 1, 200)
        while kept > 0 {
            let candidate = String(characters.prefix(kept - kept / 2)) + "…" + String(characters.suffix(kept / 2))
            if measure(candidate, font) <= width { return candidate }
            kept -= 1
        }
        return "…"
    }

    /// The text broken at spaces into at most `lines` lines; the last one may end in an ellipsis.
    func wrapped(_ text: String, width: Double, lines: Int, _ font: Font) -> [String] {
        var words = text.shortened(to: 4 * Self.longest).split(whereSeparator: \.isWhitespace).map(String.init)[...]
        var result: [String] = []
        while let first = words.first {
            if result.count == lines - 1 {
                result.append(fitting(words.joined(separator: " "), width: width, font))
                break
            }
            var line = first
            words.removeFirst()
            while let next = words.first, measure(line + " " + next, font) <= width {
                line += " " + next
                words.removeFirst()
            }
            result.append(fitting(line, width: width, font))
        }
        return result
    }
}
