/// A picture: 8-bit RGB for the eye, rows from the top, pixels from the left, three interleaved channels, no padding; and
/// what a file holds beyond that, for models.
public struct Picture: Sendable, Hashable {
    /// The number of columns, at least 1.
    public let width: Int
    /// The number of rows, at least 1.
    public let height: Int
    /// `height * width * 3` values: red, green, blue of the first pixel, then of its right neighbour.
    public private(set) var pixels: [UInt8]
    /// What the file holds that `pixels` cannot: more bits, transparency, other channels; nil where it is no more.
    public private(set) var samples: PictureSamples?

    /// The smallest and largest of the file's floating-point numbers; nil where it holds integers of a known scale.
    public var floatingRange: ClosedRange<Float>? {
        guard case .floats(let values)? = samples?.storage, let low = values.min(), let high = values.max() else {
            return nil
        }
        return low...high
    }

    /// A picture with samples of as many pixels.
    init(width: Int, height: Int, pixels: [UInt8], samples: PictureSamples?) {
        self.init(width: width, height: height, pixels: pixels)
        precondition(
            samples.map { $0.storage.count == width * height * $0.channels } ?? true, "samples do not fit the size")
        self.samples = samples
    }

    /// A picture of these pixels; their number must be `width * height * 3`.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height * 3, "pixels do not fit the size")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// A picture of one colour.
    public init(width: Int, height: Int, red: UInt8 = 0, green: UInt8 = 0, blue: UInt8 = 0) {
        precondition(width > 0 && height > 0, "a picture has at least one pixel")
        self.width = width
        self.height = height
        pixels = (0..<width * height).flatMap { _ in [red, green, blue] }
    }

    /// Edits the pixels in place; `body` must not change their number. The picture is then what they show and no more.
    public mutating func mutatePixels(_ body: (inout [UInt8]) -> Void) {
        samples = nil
        body(&pixels)
        precondition(pixels.count == width * height * 3, "the number of pixels must stay the same")
    }
}
