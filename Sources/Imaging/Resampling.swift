/// A part of a picture in pixel edges: (0, 0, width, height) is the whole picture; fractions are allowed.
public struct PictureBox: Sendable, Hashable, Codable {
    /// The left edge.
    public var left: Double
    /// The upper edge.
    public var top: Double
    /// The right edge.
    public var right: Double
    /// The lower edge.
    public var bottom: Double

    /// A box with these edges.
    public init(left: Double, top: Double, right: Double, bottom: Double) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    /// The box's width.
    public var width: Double { right - left }
    /// The box's height.
    public var height: Double { bottom - top }
}

/// A point in pixels, from the outer edge of the first one: 0.5 is the middle of the first pixel.
public struct PicturePoint: Sendable, Hashable, Codable {
    /// How far to the right.
    public var x: Double
    /// How far down.
    public var y: Double

    /// A point at these coordinates.
    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }

    func squaredDistance(to other: PicturePoint) -> Double {
        (x - other.x) * (x - other.x) + (y - other.y) * (y - other.y)
    }
}

extension Picture {
    /// The longest side that a picture may be resized to.
    package static let longestSide = 32_768

    /// The picture, or a part of it, at another size: `PIL.Image.resize` to the last unit of 8 bits.
    ///
    /// Two passes, each in fixed point with 22 fraction bits: sum of pixel * round(w * 2^22), plus one half, shifted and
    /// clipped to 0...255. The columns go first; as in Pillow 13, the rows do where the height loses more than twice as
    /// many pixels as the width (Pillow 12 differs there, by the rounding between the passes). TensorFlow's filters are
    /// rounded to the nearest unit; `floatPixels(width:height:filter:box:)` returns what TensorFlow itself does.
    /// - Throws: `ImagingError.invalidArgument` for a size outside 1...32768 or a box that is not inside the picture.
    public func resized(
        width newWidth: Int, height newHeight: Int, filter: ResamplingFilter, box: PictureBox? = nil
    ) throws(ImagingError) -> Picture {
        let box = try checked(box, newWidth: newWidth, newHeight: newHeight)
        guard newWidth != width || newHeight != height || box != wholeBox else { return self }
        switch filter {
        case .nearest:
            return nearest(newWidth, newHeight, box)
        case .tensorflowBilinear, .tensorflow1Bilinear:
            let values = interpolated(newWidth, newHeight, filter, box)
            return Picture(width: newWidth, height: newHeight, pixels: values.map { UInt8(($0 + 0.5).rounded(.down)) })
        case .box, .bilinear, .bicubic, .lanczos:
            let columns = FixedPointTaps(length: width, from: box.left, to: box.right, count: newWidth, filter: filter)
            let rows = FixedPointTaps(length: height, from: box.top, to: box.bottom, count: newHeight, filter: filter)
            return height - newHeight > max(0, 2 * (width - newWidth))
                ? resampledRows(rows).resampledColumns(columns) : resampledColumns(columns).resampledRows(rows)
        }
    }

    /// The part of the picture from (left, top); what lies outside the picture is black.
    package func cropped(left: Int, top: Int, width newWidth: Int, height newHeight: Int) -> Picture {
        var result = Picture(width: newWidth, height: newHeight)
        result.paste(self, left: -left, top: -top)
        return result
    }

    /// Puts another picture's pixels over this one's; what does not fit is left out.
    package mutating func paste(_ other: Picture, left: Int, top: Int) {
        let columns = max(0, left)..<max(0, left, min(width, left + other.width))
        let rows = max(0, top)..<max(0, top, min(height, top + other.height))
        let width = self.width
        mutatePixels { pixels in
            for y in rows {
                let source = ((y - top) * other.width - left) * 3
                let target = y * width * 3
                for x in columns.lowerBound * 3..<columns.upperBound * 3 {
                    pixels[target + x] = other.pixels[source + x]
                }
            }
        }
    }

    /// The edges of the whole picture.
    package var wholeBox: PictureBox {
        PictureBox(left: 0, top: 0, right: Double(width), bottom: Double(height))
    }

    /// The box to read from, after the size and the box were checked.
    func checked(_ box: PictureBox?, newWidth: Int, newHeight: Int) throws(ImagingError) -> PictureBox {
        let sides = 1...Self.longestSide
        guard sides.contains(newWidth), sides.contains(newHeight) else {
            throw .invalidArgument(
                what: "a picture cannot be resized to \(newWidth)x\(newHeight)",
                advice: "give a width and a height from 1 to \(Self.longestSide)")
        }
        let box = box ?? wholeBox
        guard box.left >= 0, box.top >= 0, box.right <= Double(width), box.bottom <= Double(height),
            box.width > 0, box.height > 0
        else {
            throw .invalidArgument(
                what: "the box (\(box.left), \(box.top), \(box.right), \(box.bottom)) is not a part of a "
                    + "\(width)x\(height) picture",
                advice: "give left < right and top < bottom inside the picture")
        }
        return box
    }

    private func nearest(_ newWidth: Int, _ newHeight: Int, _ box: PictureBox) -> Picture {
        // Pillow adds the step up instead of multiplying; the accumulated rounding is part of its result.
        func positions(_ start: Double, _ extent: Double, _ count: Int, _ length: Int) -> [Int] {
            let step = extent / Double(count)
            var position = start + step * 0.5
            return (0..<count).map { _ in
                defer { position += step }
                return min(Int(position), length - 1)
            }
        }
        let columns = positions(box.left, box.width, newWidth, width)
        let rows = positions(box.top, box.height, newHeight, height)
        var result = Picture(width: newWidth, height: newHeight)
        result.mutatePixels { target in
            var index = 0
            for row in rows {
                for column in columns {
                    let source = (row * width + column) * 3
                    for channel in 0..<3 { target[index + channel] = pixels[source + channel] }
                    index += 3
                }
            }
        }
        return result
    }

    private func resampledColumns(_ taps: FixedPointTaps) -> Picture {
        guard !taps.isIdentity else { return self }
        var result = Picture(width: taps.count, height: height)
        result.mutatePixels { target in
            for y in 0..<height {
                for x in 0..<taps.count {
                    var red = FixedPointTaps.half
                    var green = red
                    var blue = red
                    var source = (y * width + taps.starts[x]) * 3
                    for tap in taps.weightRange(x) {
                        let weight = taps.weights[tap]
                        red &+= Int32(pixels[source]) &* weight
                        green &+= Int32(pixels[source + 1]) &* weight
                        blue &+= Int32(pixels[source + 2]) &* weight
                        source += 3
                    }
                    let index = (y * taps.count + x) * 3
                    target[index] = FixedPointTaps.clipped(red)
                    target[index + 1] = FixedPointTaps.clipped(green)
                    target[index + 2] = FixedPointTaps.clipped(blue)
                }
            }
        }
        return result
    }

    private func resampledRows(_ taps: FixedPointTaps) -> Picture {
        guard !taps.isIdentity else { return self }
        var result = Picture(width: width, height: taps.count)
        let rowLength = width * 3
        var sums = [Int32](repeating: 0, count: rowLength)
        result.mutatePixels { target in
            for y in 0..<taps.count {
                for x in 0..<rowLength { sums[x] = FixedPointTaps.half }
                var source = taps.starts[y] * rowLength
                for tap in taps.weightRange(y) {
                    let weight = taps.weights[tap]
                    for x in 0..<rowLength { sums[x] &+= Int32(pixels[source + x]) &* weight }
                    source += rowLength
                }
                for x in 0..<rowLength { target[y * rowLength + x] = FixedPointTaps.clipped(sums[x]) }
            }
        }
        return result
    }
}

/// Which pixels of one axis make each output pixel, with weights in units of 2^-22.
struct FixedPointTaps {
    /// 32 bits less 8 for a pixel and 2 for the overshoot of negative lobes: Pillow's choice, so every sum fits.
    static let fractionBits: Int32 = 32 - 8 - 2
    static let half: Int32 = 1 << (fractionBits - 1)

    let count: Int
    let isIdentity: Bool
    private(set) var starts: [Int] = []
    private(set) var weights: [Int32] = []
    private var ends: [Int] = []

    /// The taps that turn the interval from...to of an axis of `length` pixels into `count` pixels.
    init(length: Int, from: Double, to: Double, count: Int, filter: ResamplingFilter) {
        self.count = count
        isIdentity = from == 0 && to == Double(length) && count == length
        let taps = ResamplingTaps(length: length, from: from, to: to, count: count, filter: filter)
        starts = taps.starts
        for kernel in taps.kernels {
            for weight in kernel {
                let scaled = weight * Double(1 << Self.fractionBits)
                weights.append(Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5))
            }
            ends.append(weights.count)
        }
    }

    func weightRange(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    static func clipped(_ sum: Int32) -> UInt8 {
        UInt8(clamping: sum >> fractionBits)
    }
}
