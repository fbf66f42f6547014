/// The numbers of a picture file that 8-bit red, green and blue cannot hold: more bits, transparency, other channels.
///
/// They are on the scale 0...255 of all pixels: a 16-bit integer v counts as v / 257, and floating-point numbers and arrays
/// are taken as they stand.
public struct PictureSamples: Sendable, Hashable {
    /// The colours that channels stand for.
    public enum Meaning: Sendable, Hashable {
        /// Lightness.
        case grey
        /// Red, green, blue.
        case rgb
        /// Red, green, blue and opacity; colours are not multiplied by it.
        case rgba
        /// Anything else: bands of a satellite, stains, slices.
        case other
    }

    /// Interleaved numbers, row by row, as deep as the file holds them.
    package enum Storage: Sendable, Hashable {
        case bytes([UInt8])
        case words([UInt16])
        case floats([Float])

        var count: Int {
            switch self {
            case .bytes(let values): values.count
            case .words(let values): values.count
            case .floats(let values): values.count
            }
        }
    }

    /// The number of channels.
    public let channels: Int
    /// What the channels are.
    public let meaning: Meaning
    /// What stands behind transparent pixels where a model takes no opacity; nil ignores transparency.
    package let background: Colour?
    package let storage: Storage

    /// Samples of so many channels, whose meaning follows from their number where it is not given.
    package init(_ storage: Storage, channels: Int, meaning: Meaning? = nil, background: Colour? = Colour(grey: 255)) {
        precondition(channels > 0 && storage.count % channels == 0, "samples do not fill whole pixels")
        self.storage = storage
        self.channels = channels
        self.background = background
        self.meaning = meaning ?? (channels == 1 ? .grey : channels == 3 ? .rgb : .other)
    }

    /// Whether 8-bit red, green and blue say the same.
    var isPlain: Bool {
        if case .bytes = storage { return meaning == .grey || meaning == .rgb }
        return false
    }

    /// The numbers of one channel, 0...255 for integers.
    package func plane(_ channel: Int) -> [Float] {
        func gather<Value>(_ values: [Value], _ transform: (Value) -> Float) -> [Float] {
            stride(from: channel, to: values.count, by: channels).map { transform(values[$0]) }
        }
        return switch storage {
        case .bytes(let values): gather(values) { Float($0) }
        case .words(let values): gather(values) { Float($0) / 257 }
        case .floats(let values): gather(values) { $0 }
        }
    }

    /// The samples in another order of pixels.
    func reordered(_ pixels: [Int]) -> PictureSamples {
        func gather<Value>(_ values: [Value]) -> [Value] {
            var result: [Value] = []
            result.reserveCapacity(values.count)
            for pixel in pixels { result.append(contentsOf: values[pixel * channels..<(pixel + 1) * channels]) }
            return result
        }
        let moved: Storage =
            switch storage {
            case .bytes(let values): .bytes(gather(values))
            case .words(let values): .words(gather(values))
            case .floats(let values): .floats(gather(values))
            }
        return PictureSamples(moved, channels: channels, meaning: meaning, background: background)
    }
}
