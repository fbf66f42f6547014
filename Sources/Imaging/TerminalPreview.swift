/// A picture as text for a terminal: half blocks with two pixels a character, or plain shades.
public struct TerminalPreview: Sendable, Hashable {
    /// The width in characters, at least 1.
    public var columns: Int
    /// What the terminal can show.
    public var colours: Colours

    /// What a terminal can show.
    public enum Colours: String, Sendable, Hashable, CaseIterable {
        /// 24-bit colours.
        case trueColour
        /// xterm's 256 colours.
        case palette256
        /// Characters only.
        case none

        /// What these environment variables say: `NO_COLOR` (when not empty) and `TERM=dumb` rule out colours,
        /// `COLORTERM=truecolor` promises all of them.
        public init(environment: [String: String]) {
            if !(environment["NO_COLOR"] ?? "").isEmpty || ["", "dumb"].contains(environment["TERM"] ?? "") {
                self = .none
            } else if ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "") {
                self = .trueColour
            } else {
                self = .palette256
            }
        }
    }

    /// A preview of this width.
    public init(columns: Int = 60, colours: Colours) {
        self.columns = min(max(columns, 1), 1000)
        self.colours = colours
    }

    /// The lines, each ended by a newline; characters are taken to be twice as high as wide.
    public func text(of picture: Picture) -> String {
        let proportion = Double(picture.height) / Double(picture.width) * Double(columns)
        // An extremely tall picture is squeezed rather than filling the scroll-back.
        let lines = min(max(Int((proportion / 2).rounded()), 1), 500)
        let rows = colours == .none ? lines : lines * 2
        guard let small = try? picture.resized(width: columns, height: rows, filter: .box) else { return "" }
        return colours == .none ? shades(small) : halfBlocks(small)
    }

    private func halfBlocks(_ picture: Picture) -> String {
        func code(_ x: Int, _ y: Int, _ layer: Int) -> String {
            let index = (y * picture.width + x) * 3
            let (red, green, blue) = (picture.pixels[index], picture.pixels[index + 1], picture.pixels[index + 2])
            return colours == .trueColour
                ? "\(layer);2;\(red);\(green);\(blue)" : "\(layer);5;\(Self.paletteIndex(red, green, blue))"
        }
        var result = ""
        for y in stride(from: 0, to: picture.height, by: 2) {
            var last = ""
            for x in 0..<picture.width {
                let codes = code(x, y, 38) + ";" + code(x, y + 1, 48)
                if codes != last { result += "\u{1B}[\(codes)m" }
                result += "▀"
                last = codes
            }
            result += "\u{1B}[0m\n"
        }
        return result
    }

    private func shades(_ picture: Picture) -> String {
        let shades = Array(" .:-=+*#%@")
        let grey = picture.grey
        var result = ""
        for y in 0..<grey.height {
            for x in 0..<grey.width {
                result.append(shades[Int(grey.pixels[(y * grey.width + x) * 3]) * shades.count / 256])
            }
            result += "\n"
        }
        return result
    }

    /// The nearest of xterm's 6x6x6 cube (16...231) and its 24 greys (232...255).
    package static func paletteIndex(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Int {
        let levels = [0, 95, 135, 175, 215, 255]
        let channels = [Int(red), Int(green), Int(blue)]
        func distance(_ colour: [Int]) -> Int {
            zip(colour, channels).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        let cube = channels.map { value in levels.indices.min { abs(levels[$0] - value) < abs(levels[$1] - value) } ?? 0
        }
        let grey = min(max((channels.reduce(0, +) / 3 - 3) / 10, 0), 23)
        let greyLevel = 8 + 10 * grey
        return distance([greyLevel, greyLevel, greyLevel]) < distance(cube.map { levels[$0] })
            ? 232 + grey : 16 + 36 * cube[0] + 6 * cube[1] + cube[2]
    }
}
