package import Explanations
import Foundation
package import Tensors

/// How much information a picture holds: the entropy of what a pixel's neighbours do not tell about it.
///
///     bits = Σ_channels N H(x - predicted x)
///
/// in 8 bits a channel, predicted by the median edge detector of JPEG-LS from the pixels at the left, above and between; N pixels,
/// H the entropy of the residuals' histogram. An estimate of a lossless file's size without its format.
package struct PictureEntropy: Sendable {
    private let planes: PicturePlanes
    /// Every channel's smallest and largest number.
    private let ranges: [(low: Double, high: Double)]

    /// Reads pictures like this one; the numbers of black and white are the picture's own where nobody said which they are.
    package init(_ planes: PicturePlanes, space: InputSpace?, like picture: Tensor<Float>) {
        self.planes = planes
        if let space, space.black.count == planes.channels, space.white.count == planes.channels {
            ranges = zip(space.black, space.white).map { (Double(min($0, $1)), Double(max($0, $1))) }
        } else {
            ranges = (0..<planes.channels).map { channel in
                let values = planes.plane(channel, of: picture).elements.filter(\.isFinite)
                return (Double(values.min() ?? 0), Double(values.max() ?? 0))
            }
        }
    }

    /// The estimate in bits.
    package func bits(of picture: Tensor<Float>) -> Double {
        (0..<planes.channels).reduce(0.0) { $0 + bits(ofChannel: $1, picture) }
    }

    private func bits(ofChannel channel: Int, _ picture: Tensor<Float>) -> Double {
        let (low, high) = ranges[channel]
        let scale = high > low ? 255 / (high - low) : 0
        let levels = planes.plane(channel, of: picture).elements.map { value -> Int in
            let level = (Double(value) - low) * scale
            return level.isFinite ? Int(min(max(level, 0), 255).rounded()) : 0
        }
        let width = planes.width
        var counts = [Int](repeating: 0, count: 511)
        for (place, level) in levels.enumerated() {
            let isFirstRow = place < width
            let isFirstColumn = place % width == 0
            let left = isFirstColumn ? (isFirstRow ? 0 : levels[place - width]) : levels[place - 1]
            let above = isFirstRow ? left : levels[place - width]
            let corner = isFirstRow || isFirstColumn ? above : levels[place - width - 1]
            let predicted = min(max(left + above - corner, min(left, above)), max(left, above))
            counts[level - predicted + 255] += 1
        }
        let total = Double(levels.count)
        return counts.reduce(0.0) { $1 > 0 ? $0 - Double($1) * log2(Double($1) / total) : $0 }
    }
}
