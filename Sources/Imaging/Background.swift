/// The colour that shows through the transparent parts of a picture.
public struct Background: Sendable, Hashable {
    /// The red channel, 0 to 255.
    public var red: UInt8
    /// The green channel, 0 to 255.
    public var green: UInt8
    /// The blue channel, 0 to 255.
    public var blue: UInt8

    /// A background of this colour.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// Paper: what browsers and printers show behind a picture.
    public static let white = Background(red: 255, green: 255, blue: 255)
    /// No light.
    public static let black = Background(red: 0, green: 0, blue: 0)

    /// RGB pixels of RGBA pixels whose colours are not multiplied by alpha: `round((a * colour + (255 - a) * background) / 255)`.
    static func compose(_ rgba: [UInt8], over background: Background?) -> [UInt8] {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(rgba.count / 4 * 3)
        let (red, green, blue) = (
            Int(background?.red ?? 0), Int(background?.green ?? 0), Int(background?.blue ?? 0)
        )
        for pixel in stride(from: 0, to: rgba.count - 3, by: 4) {
            let alpha = background == nil ? 255 : Int(rgba[pixel + 3])
            let rest = 255 - alpha
            // 255 is odd, so a sum with 127 never meets a tie.
            pixels.append(UInt8(truncatingIfNeeded: (Int(rgba[pixel]) * alpha + red * rest + 127) / 255))
            pixels.append(UInt8(truncatingIfNeeded: (Int(rgba[pixel + 1]) * alpha + green * rest + 127) / 255))
            pixels.append(UInt8(truncatingIfNeeded: (Int(rgba[pixel + 2]) * alpha + blue * rest + 127) / 255))
        }
        return pixels
    }

    /// RGB pixels of 16-bit RGBA pixels whose colours are multiplied by alpha: the high byte of
    /// `colour + (65535 - a) * background / 255`.
    static func compose(premultiplied rgba: [UInt16], over background: Background) -> [UInt8] {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(rgba.count / 4 * 3)
        let (red, green, blue) = (Int(background.red), Int(background.green), Int(background.blue))
        for pixel in stride(from: 0, to: rgba.count - 3, by: 4) {
            let rest = 65535 - Int(rgba[pixel + 3])
            // A decoder's rounding may lift the sum one above the largest value.
            pixels.append(UInt8(clamping: (Int(rgba[pixel]) + (rest * red + 127) / 255) >> 8))
            pixels.append(UInt8(clamping: (Int(rgba[pixel + 1]) + (rest * green + 127) / 255) >> 8))
            pixels.append(UInt8(clamping: (Int(rgba[pixel + 2]) + (rest * blue + 127) / 255) >> 8))
        }
        return pixels
    }
}
