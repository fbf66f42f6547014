public import Tensors

extension Picture {
    /// The picture, or a part of it, at another size as floats 0...255, shape [height, width, 3].
    ///
    /// For TensorFlow's filters this is what `tf.image.resize(…, "bilinear")` returns: output i sits at
    /// (i + 0.5) * n / m - 0.5 (TensorFlow 1: i * n / m) between the source's pixels, borders repeat, nothing is
    /// smoothed and nothing is rounded. For Pillow's filters these are the 8-bit values.
    /// - Throws: `ImagingError.invalidArgument` for a size outside 1...32768 or a box that is not inside the picture.
    public func floatPixels(
        width newWidth: Int, height newHeight: Int, filter: ResamplingFilter, box: PictureBox? = nil
    ) throws(ImagingError) -> Tensor<Float> {
        let box = try checked(box, newWidth: newWidth, newHeight: newHeight)
        var result = Tensor<Float>(repeating: 0, shape: [newHeight, newWidth, 3])
        switch filter {
        case .tensorflowBilinear, .tensorflow1Bilinear:
            result.mutateElements { $0 = interpolated(newWidth, newHeight, filter, box) }
        case .nearest, .box, .bilinear, .bicubic, .lanczos:
            let picture = try resized(width: newWidth, height: newHeight, filter: filter, box: box)
            result.mutateElements { $0 = picture.pixels.map(Float.init) }
        }
        return result
    }

    /// Linear between two neighbours of each axis, in floats.
    func interpolated(_ newWidth: Int, _ newHeight: Int, _ filter: ResamplingFilter, _ box: PictureBox) -> [Float] {
        let shift = filter == .tensorflow1Bilinear ? 0 : 0.5
        func taps(_ start: Double, _ extent: Double, _ count: Int, _ length: Int) -> [(Int, Int, Float)] {
            (0..<count).map { index in
                let position = max(start + (Double(index) + shift) * extent / Double(count) - shift, 0)
                let first = min(Int(position), length - 1)
                return (first, min(first + 1, length - 1), Float(position - Double(first)))
            }
        }
        let columns = taps(box.left, box.width, newWidth, width)
        let rows = taps(box.top, box.height, newHeight, height)
        var result: [Float] = []
        result.reserveCapacity(newWidth * newHeight * 3)
        for (upper, lower, down) in rows {
            for (left, right, across) in columns {
                for channel in 0..<3 {
                    func value(_ row: Int, _ column: Int) -> Float {
                        Float(pixels[(row * width + column) * 3 + channel])
                    }
                    let top = value(upper, left) + (value(upper, right) - value(upper, left)) * across
                    let bottom = value(lower, left) + (value(lower, right) - value(lower, left)) * across
                    result.append(top + (bottom - top) * down)
                }
            }
        }
        return result
    }
}
