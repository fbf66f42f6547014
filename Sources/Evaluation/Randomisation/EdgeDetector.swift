import Explanations
import Tensors

/// What a picture shows without any model: the baseline of methods that only redraw it.
enum EdgeDetector {
    /// Sobel's gradient magnitude of the mean over channels, `[H, W]`; border pixels are repeated.
    static func sobel(_ picture: Tensor<Float>, _ planes: PicturePlanes) -> Tensor<Float> {
        let (height, width) = (planes.height, planes.width)
        var grey = [Float](repeating: 0, count: height * width)
        for channel in 0..<planes.channels {
            for (index, value) in planes.plane(channel, of: picture).elements.enumerated() {
                grey[index] += value / Float(planes.channels)
            }
        }
        func at(_ row: Int, _ column: Int) -> Float {
            grey[min(max(row, 0), height - 1) * width + min(max(column, 0), width - 1)]
        }
        var edges = Tensor<Float>(repeating: 0, shape: [height, width])
        edges.mutateElements { elements in
            for row in 0..<height {
                for column in 0..<width {
                    var (across, down): (Float, Float) = (0, 0)
                    for offset in -1...1 {
                        let weight: Float = offset == 0 ? 2 : 1
                        across += weight * (at(row + offset, column + 1) - at(row + offset, column - 1))
                        down += weight * (at(row + 1, column + offset) - at(row - 1, column + offset))
                    }
                    elements[row * width + column] = (across * across + down * down).squareRoot()
                }
            }
        }
        return edges
    }
}
