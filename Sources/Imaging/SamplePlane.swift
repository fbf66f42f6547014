/// One channel in floating point, row by row.
struct SamplePlane {
    let width: Int
    let height: Int
    private(set) var values: [Float]

    /// The plane at another size: `PIL.Image.resize` of mode F, whose passes are not rounded to 8 bits, and TensorFlow's filters.
    func resized(width newWidth: Int, height newHeight: Int, filter: ResamplingFilter) -> SamplePlane {
        guard newWidth != width || newHeight != height else { return self }
        switch filter {
        case .nearest, .tensorflowBilinear, .tensorflow1Bilinear: return picked(newWidth, newHeight, filter)
        case .box, .bilinear, .bicubic, .lanczos:
            let columns = ResamplingTaps(length: width, count: newWidth, filter: filter)
            let rows = ResamplingTaps(length: height, count: newHeight, filter: filter)
            return resampledColumns(columns).resampledRows(rows)
        }
    }

    private func resampledColumns(_ taps: ResamplingTaps) -> SamplePlane {
        guard taps.count != width else { return self }
        var result: [Float] = []
        result.reserveCapacity(taps.count * height)
        for row in 0..<height {
            for column in 0..<taps.count {
                var sum = 0.0
                var source = row * width + taps.starts[column]
                for weight in taps.kernels[column] {
                    sum += Double(values[source]) * weight
                    source += 1
                }
                result.append(Float(sum))
            }
        }
        return SamplePlane(width: taps.count, height: height, values: result)
    }

    private func resampledRows(_ taps: ResamplingTaps) -> SamplePlane {
        guard taps.count != height else { return self }
        var result: [Float] = []
        result.reserveCapacity(taps.count * width)
        for row in 0..<taps.count {
            var sums = [Double](repeating: 0, count: width)
            var source = taps.starts[row] * width
            for weight in taps.kernels[row] {
                for column in 0..<width { sums[column] += Double(values[source + column]) * weight }
                source += width
            }
            result.append(contentsOf: sums.map { Float($0) })
        }
        return SamplePlane(width: width, height: taps.count, values: result)
    }

    /// The nearest pixel, or a line between two.
    private func picked(_ newWidth: Int, _ newHeight: Int, _ filter: ResamplingFilter) -> SamplePlane {
        func taps(_ count: Int, _ length: Int) -> [(Int, Int, Float)] {
            let step = Double(length) / Double(count)
            // Pillow adds the step up instead of multiplying.
            var place = step * 0.5
            return (0..<count).map { index in
                if filter == .nearest {
                    defer { place += step }
                    return (min(Int(place), length - 1), min(Int(place), length - 1), 0)
                }
                let shift = filter == .tensorflow1Bilinear ? 0 : 0.5
                let position = max((Double(index) + shift) * step - shift, 0)
                let first = min(Int(position), length - 1)
                return (first, min(first + 1, length - 1), Float(position - Double(first)))
            }
        }
        let columns = taps(newWidth, width)
        var result: [Float] = []
        result.reserveCapacity(newWidth * newHeight)
        for (upper, lower, down) in taps(newHeight, height) {
            for (left, right, across) in columns {
                func between(_ row: Int) -> Float {
                    values[row * width + left] + (values[row * width + right] - values[row * width + left]) * across
                }
                let top = between(upper)
                result.append(top + (between(lower) - top) * down)
            }
        }
        return SamplePlane(width: newWidth, height: newHeight, values: result)
    }
}

/// Which pixels of one axis make each output pixel, with weights that sum to 1.
struct ResamplingTaps {
    let count: Int
    private(set) var starts: [Int] = []
    private(set) var kernels: [[Double]] = []

    /// The taps that turn the interval from...to of an axis of `length` pixels into `count` pixels.
    init(length: Int, from: Double = 0, to: Double? = nil, count: Int, filter: ResamplingFilter) {
        self.count = count
        // Pillow's box is float32, and its extent is subtracted in float32.
        let origin = Double(Float(from))
        let scale = Double(Float(to ?? Double(length)) - Float(from)) / Double(count)
        let widening = max(scale, 1)
        let support = (filter.support ?? 1) * widening
        for index in 0..<count {
            let center = origin + (Double(index) + 0.5) * scale
            let start = max(Int(center - support + 0.5), 0)
            let end = min(Int(center + support + 0.5), length)
            var kernel = (start..<max(start, end)).map {
                filter.kernel((Double($0) - center + 0.5) * (1 / widening))
            }
            let sum = kernel.reduce(0, +)
            if sum != 0 { for tap in kernel.indices { kernel[tap] /= sum } }
            starts.append(start)
            kernels.append(kernel)
        }
    }
}
