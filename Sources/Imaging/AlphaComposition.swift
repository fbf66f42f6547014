/// Puts pixels with transparency in front of a colour.
enum AlphaComposition {
    /// RGB pixels of RGBA pixels whose colours are not multiplied by alpha: `round((a * colour + (255 - a) * background) / 255)`.
    static func compose(_ rgba: [UInt8], over background: Colour?) -> [UInt8] {
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

    /// The picture of RGBA pixels whose colours are not multiplied by alpha, with its alpha where some of it is not opaque.
    static func picture(_ rgba: [UInt8], width: Int, height: Int, over background: Colour?) -> Picture {
        let pixels = compose(rgba, over: background)
        let isOpaque = stride(from: 3, to: rgba.count, by: 4).allSatisfy { rgba[$0] == 255 }
        let samples = PictureSamples(.bytes(rgba), channels: 4, meaning: .rgba, background: background)
        return Picture(width: width, height: height, pixels: pixels, samples: isOpaque ? nil : samples)
    }

    /// Takes alpha out of the colours of 16-bit RGBA pixels: `round(65535 * colour / a)`, 0 where a is 0.
    static func divideByAlpha(_ rgba: inout [UInt16]) {
        for pixel in stride(from: 0, to: rgba.count - 3, by: 4) {
            let alpha = Int(rgba[pixel + 3])
            guard alpha > 0, alpha < 65535 else { continue }
            for channel in pixel..<pixel + 3 {
                rgba[channel] = UInt16(clamping: (Int(rgba[channel]) * 65535 + alpha / 2) / alpha)
            }
        }
    }

    /// RGB pixels of 16-bit RGBA pixels whose colours are multiplied by alpha: the high byte of
    /// `colour + (65535 - a) * background / 255`, or of `65535 * colour / a` without a background.
    static func compose(premultiplied rgba: [UInt16], over background: Colour?) -> [UInt8] {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(rgba.count / 4 * 3)
        let colors = background.map { [Int($0.red), Int($0.green), Int($0.blue)] } ?? [0, 0, 0]
        for pixel in stride(from: 0, to: rgba.count - 3, by: 4) {
            let alpha = Int(rgba[pixel + 3])
            for channel in 0..<3 {
                let value = Int(rgba[pixel + channel])
                let deep =
                    if background == nil {
                        alpha == 0 ? 0 : (value * 65535 + alpha / 2) / alpha
                    } else {
                        value + ((65535 - alpha) * colors[channel] + 127) / 255
                    }
                // A decoder's rounding may lift the value above the largest.
                pixels.append(UInt8(clamping: deep >> 8))
            }
        }
        return pixels
    }
}
