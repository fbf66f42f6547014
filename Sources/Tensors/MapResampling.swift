/// How values between the samples of a map are found.
public enum MapInterpolation: String, Sendable, Hashable, Codable, CaseIterable {
    /// The sample whose cell contains the point.
    case nearest
    /// Linear between the two nearest samples of each axis.
    case bilinear
    /// Keys' cubic convolution with a = -0.75 over the four nearest samples of each axis.
    case bicubic
}

extension Tensor where Scalar == Float {
    /// A map [H, W] at another size [h, w], as `torch.nn.functional.interpolate(align_corners=False)` computes it.
    ///
    /// Output sample i sits at (i + 0.5) * H / h - 0.5 between the input's samples; `nearest` takes floor(i * H / h).
    /// Samples outside the map repeat its border. Nothing is smoothed when the map shrinks.
    /// - Throws: `TensorError.shapeMismatch` where the tensor is not a map of at least one value.
    public func resampled(
        height: Int, width: Int, by interpolation: MapInterpolation = .bilinear
    ) throws(TensorError) -> Tensor<Float> {
        guard shape.rank == 2, shape.count > 0, height > 0, width > 0 else {
            throw .shapeMismatch(shape, [height, width])
        }
        return resampled(
            rows: .resizing(from: shape[0], to: height, by: interpolation),
            columns: .resizing(from: shape[1], to: width, by: interpolation))
    }

    /// A map [H, W] read at the rows and columns that the taps stand for: [rows.count, columns.count].
    package func resampled(rows: MapTaps, columns: MapTaps) -> Tensor<Float> {
        let width = shape[1]
        let height = shape[0]
        var narrow = [Float](repeating: 0, count: height * columns.count)
        for y in 0..<height {
            for x in 0..<columns.count {
                var sum: Float = 0
                for tap in x * columns.width..<(x + 1) * columns.width {
                    sum += elements[y * width + columns.indices[tap]] * columns.weights[tap]
                }
                narrow[y * columns.count + x] = sum
            }
        }
        var result = Tensor(repeating: 0, shape: [rows.count, columns.count])
        result.mutateElements { elements in
            for y in 0..<rows.count {
                for tap in y * rows.width..<(y + 1) * rows.width {
                    let source = rows.indices[tap] * columns.count
                    let weight = rows.weights[tap]
                    for x in 0..<columns.count {
                        elements[y * columns.count + x] += narrow[source + x] * weight
                    }
                }
            }
        }
        return result
    }
}

/// Which samples of one axis make each output sample, and with what weights.
package struct MapTaps: Sendable, Hashable {
    /// The number of output samples.
    package let count: Int
    /// The number of taps of each output sample: 1, 2 or 4.
    package let width: Int
    /// `count * width` positions in the input.
    package private(set) var indices: [Int]
    /// `count * width` weights; those of one output sample sum to 1.
    package private(set) var weights: [Float]

    /// The taps of resizing an axis of `input` samples to `output` samples.
    package static func resizing(from input: Int, to output: Int, by interpolation: MapInterpolation) -> MapTaps {
        if interpolation == .nearest {
            // PyTorch computes this ratio in float32, and the rounding decides which sample is taken.
            let ratio = Float(input) / Float(output)
            let positions = (0..<output).map { Double(Swift.min(Int(Float($0) * ratio), input - 1)) }
            return MapTaps(positions: positions, length: input, by: .nearest)
        }
        let ratio = Double(input) / Double(output)
        return MapTaps(
            positions: (0..<output).map { (Double($0) + 0.5) * ratio - 0.5 }, length: input, by: interpolation)
    }

    /// The taps at `positions`, measured in samples: 0 is the centre of the first of `length` samples.
    package init(positions: [Double], length: Int, by interpolation: MapInterpolation) {
        count = positions.count
        let offsets: ClosedRange<Int>
        switch interpolation {
        case .nearest: offsets = 0...0
        case .bilinear: offsets = 0...1
        case .bicubic: offsets = -1...2
        }
        width = offsets.count
        indices = []
        weights = []
        indices.reserveCapacity(count * width)
        weights.reserveCapacity(count * width)
        for position in positions {
            let start = interpolation == .nearest ? (position + 0.5).rounded(.down) : position.rounded(.down)
            let fraction = position - start
            for offset in offsets {
                indices.append(Swift.min(Swift.max(Int(start) + offset, 0), length - 1))
                weights.append(Float(Self.weight(distance: Double(offset) - fraction, by: interpolation)))
            }
        }
    }

    private static func weight(distance: Double, by interpolation: MapInterpolation) -> Double {
        let x = abs(distance)
        switch interpolation {
        case .nearest: return 1
        case .bilinear: return 1 - x
        case .bicubic:
            let a = -0.75
            if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
        }
    }
}
