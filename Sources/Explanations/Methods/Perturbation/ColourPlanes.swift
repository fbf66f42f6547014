import Foundation
package import Tensors

/// A picture as coordinates in which distances are about what eyes see, `[places][coordinates]`.
package struct ColourPlanes: Sendable {
    package let height: Int
    package let width: Int
    /// How many numbers a pixel has.
    package let depth: Int
    /// `depth` numbers a pixel, pixel by pixel, of a range of about 100.
    package let values: [Double]

    package init(height: Int, width: Int, depth: Int, values: [Double]) {
        self.height = height
        self.width = width
        self.depth = depth
        self.values = values
    }

    /// CIE L*a*b* (D65) where the input's numbers are known to be three colours or grey; else the channels themselves,
    /// stretched to 0...100 together.
    package init(_ picture: Tensor<Float>, planes: PicturePlanes, space: InputSpace?) {
        let channels = (0..<planes.channels).map { planes.plane($0, of: picture).elements }
        let places = planes.height * planes.width
        if let space, space.black.count == channels.count, space.white.count == channels.count,
            channels.count == 3 || channels.count == 1
        {
            let values = (0..<places).flatMap { place -> [Double] in
                let colour = channels.indices.map { channel -> Double in
                    let (black, white) = (space.black[channel], space.white[channel])
                    return black == white ? 0 : Double((channels[channel][place] - black) / (white - black))
                }
                return Self.lab(red: colour[0], green: colour[colour.count / 2], blue: colour[colour.count - 1])
            }
            self.init(height: planes.height, width: planes.width, depth: 3, values: values)
        } else {
            let finite = picture.elements.filter(\.isFinite)
            let (low, high) = (Double(finite.min() ?? 0), Double(finite.max() ?? 0))
            let scale = high > low ? 100 / (high - low) : 0
            let values = (0..<places).flatMap { place in
                channels.map { channel -> Double in
                    let value = Double(channel[place])
                    return value.isFinite ? (value - low) * scale : 0
                }
            }
            self.init(height: planes.height, width: planes.width, depth: planes.channels, values: values)
        }
    }

    /// CIE L*a*b* of an sRGB colour with components 0...1, under D65.
    package static func lab(red: Double, green: Double, blue: Double) -> [Double] {
        func linear(_ value: Double) -> Double {
            let value = value.isFinite ? min(max(value, 0), 1) : 0
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        func curve(_ ratio: Double) -> Double {
            ratio > 216.0 / 24389 ? cbrt(ratio) : (24389.0 / 27 * ratio + 16) / 116
        }
        let (r, g, b) = (linear(red), linear(green), linear(blue))
        let x = curve((0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047)
        let y = curve(0.212671 * r + 0.715160 * g + 0.072169 * b)
        let z = curve((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883)
        return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
    }
}
