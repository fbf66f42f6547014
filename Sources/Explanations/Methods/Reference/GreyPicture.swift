package import Tensors

/// The brightness of a model's input, `[H, W]`, for methods that look at the picture alone.
package struct GreyPicture: Sendable, Hashable {
    package let height: Int
    package let width: Int
    /// Brightness row by row; 0 is black and 1 is white.
    package private(set) var values: [Double]

    /// What three channels count, red, green and blue: the luminance of ITU-R BT.709, as scikit-image's `rgb2gray` weighs them.
    static let weights = [0.2125, 0.7154, 0.0721]

    package init(height: Int, width: Int, values: [Double]) {
        (self.height, self.width, self.values) = (height, width, values)
    }

    /// The brightness of an input: three channels by `weights`, others by their mean.
    ///
    /// Where the colours black and white of the input are not known, the darkest pixel is 0 and the brightest 1. Numbers that are not
    /// finite count as 0.
    package init(_ picture: Tensor<Float>, planes: PicturePlanes, space: InputSpace?) {
        let channels = planes.channels
        let weights =
            channels == 3 ? Self.weights : [Double](repeating: 1 / Double(max(channels, 1)), count: channels)
        let space = space.flatMap { $0.black.count == channels && $0.white.count == channels ? $0 : nil }
        var values = [Double](repeating: 0, count: planes.height * planes.width)
        for channel in 0..<channels {
            let black = Double(space?.black[channel] ?? 0)
            let span = Double(space?.white[channel] ?? 1) - black
            guard span != 0 else { continue }
            let plane = planes.plane(channel, of: picture).elements
            for place in values.indices where plane[place].isFinite {
                values[place] += weights[channel] * (Double(plane[place]) - black) / span
            }
        }
        if space == nil, let low = values.min(), let high = values.max() {
            values = values.map { low < high ? ($0 - low) / (high - low) : 0 }
        }
        self.init(height: planes.height, width: planes.width, values: values)
    }

    /// The picture as a method's raw result, `[1, H, W]`.
    package var map: Tensor<Float> {
        var map = Tensor<Float>(repeating: 0, shape: [1, height, width])
        map.mutateElements { $0 = values.map { Float($0) } }
        return map
    }

    /// What Sobel's kernels find: differences between neighbours across, smoothed by 1 2 1 along; the border is mirrored.
    package func differences() -> (down: GreyPicture, right: GreyPicture) {
        (filtered([-1, 0, 1], [1, 2, 1]), filtered([1, 2, 1], [-1, 0, 1]))
    }

    /// A 3 by 3 filter, one kernel down and one to the right.
    private func filtered(_ vertical: [Double], _ horizontal: [Double]) -> GreyPicture {
        var lines = self
        var result = self
        for row in 0..<height {
            let rows = [max(row - 1, 0), row, min(row + 1, height - 1)]
            for column in 0..<width {
                lines.values[row * width + column] = zip(rows, vertical).reduce(0) {
                    $0 + values[$1.0 * width + column] * $1.1
                }
            }
            for column in 0..<width {
                let columns = [max(column - 1, 0), column, min(column + 1, width - 1)]
                result.values[row * width + column] = zip(columns, horizontal).reduce(0) {
                    $0 + lines.values[row * width + $1.0] * $1.1
                }
            }
        }
        return result
    }
}

extension Experiment {
    /// The brightness of the explained picture; fails where the input is no picture.
    package func greyPicture() throws -> GreyPicture {
        GreyPicture(input, planes: try planes(), space: settings.space)
    }
}

/// What methods that look at no model say of themselves.
enum ReferenceWords {
    static let result = "[B, 1, H, W] of the input"
    static let fits = "every model with a picture as input"
    static let grey =
        "Three channels become grey by 0.2125 R + 0.7154 G + 0.0721 B, other numbers of channels by their mean; where black and white are not known, the darkest pixel is 0 and the brightest 1."
}
