public import Tensors

/// How a photograph becomes the tensor that a model takes: value = (pixel * scale - mean) / standardDeviation.
///
/// Pixels are 0...255 in sRGB. Its coded form is the `preprocessing` part of a sidecar; every field but `resize` may be
/// missing there and then has the value that this type's initialiser gives it.
public struct Preprocessing: Sendable, Hashable {
    /// How the size is reached.
    public var resize: ResizeRule
    /// How pixels are combined on the way.
    public var filter: ResamplingFilter
    /// Which channels the model takes, in which order.
    public var channels: Channels
    /// What a pixel 0...255 is multiplied by first: 1/255, 1/127.5 or 1.
    public var scale: Double
    /// What is subtracted then: one number, or one a channel in the model's channel order.
    public var mean: [Double]
    /// What is divided by last: one number, or one a channel in the model's channel order.
    public var standardDeviation: [Double]
    /// Where the channels stand.
    public var layout: Layout
    /// The type of the model's input.
    public var element: Element

    /// The channels of a model's input.
    public enum Channels: Sendable, Hashable {
        /// Red, green, blue.
        case rgb
        /// Blue, green, red (Caffe, OpenCV).
        case bgr
        /// One channel, Pillow's "L": (19595 R + 38470 G + 7471 B + 32768) / 65536, computed before resizing.
        case grey
        /// Red, green, blue and the opacity of the file, 255 where it has none.
        case rgba
        /// So many channels of a file, in its order; their text form is the number.
        case numbered(Int)

        /// The number of channels.
        public var count: Int {
            switch self {
            case .grey: 1
            case .rgb, .bgr: 3
            case .rgba: 4
            case .numbered(let count): count
            }
        }

        /// The channels of a model that takes so many, as most models mean them.
        public init(count: Int) {
            self = count == 1 ? .grey : count == 3 ? .rgb : count == 4 ? .rgba : .numbered(count)
        }
    }

    /// The order of the axes.
    public enum Layout: String, Sendable, Hashable, Codable, CaseIterable {
        /// [1, C, H, W], as PyTorch has it.
        case nchw
        /// [1, H, W, C], as TensorFlow has it.
        case nhwc
    }

    /// The type of the elements.
    public enum Element: String, Sendable, Hashable, Codable, CaseIterable {
        /// 32-bit floats.
        case float32
        /// Bytes: values are rounded and clipped to 0...255.
        case uint8
    }

    /// A rule with these parts; the defaults are PyTorch's tensors of 0...1.
    public init(
        resize: ResizeRule, filter: ResamplingFilter = .bilinear, channels: Channels = .rgb, scale: Double = 1 / 255,
        mean: [Double] = [0], standardDeviation: [Double] = [1], layout: Layout = .nchw, element: Element = .float32
    ) {
        self.resize = resize
        self.filter = filter
        self.channels = channels
        self.scale = scale
        self.mean = mean
        self.standardDeviation = standardDeviation
        self.layout = layout
        self.element = element
    }

    /// The shape of the tensor for one photograph.
    public var inputShape: Shape {
        switch layout {
        case .nchw: [1, channels.count, resize.height, resize.width]
        case .nhwc: [1, resize.height, resize.width, channels.count]
        }
    }

    /// Fails with a sentence where the parts make no sense together.
    /// - Throws: `ImagingError.invalidArgument`.
    public func validate() throws(ImagingError) {
        for (name, values) in [("mean", mean), ("std", standardDeviation)] {
            guard values.count == 1 || values.count == channels.count else {
                throw .invalidArgument(
                    what: "the preprocessing has \(values.count) values of \(name) for \(channels.count) channels",
                    advice:
                        "give one number, or one for each of the \(channels.count) channels (\(channels.rawValue)); "
                        + "--channels says which those are")
            }
            guard values.allSatisfy(\.isFinite) else {
                throw .invalidArgument(what: "a value of \(name) is not a number", advice: "give finite numbers")
            }
        }
        guard standardDeviation.allSatisfy({ $0 != 0 }), scale.isFinite, scale != 0 else {
            throw .invalidArgument(
                what: "a scale or standard deviation of the preprocessing is zero",
                advice: "give numbers other than zero; 1 changes nothing")
        }
        var sides = [resize.width, resize.height]
        if case .crop(_, _, let shortSide) = resize { sides.append(shortSide) }
        guard sides.allSatisfy({ (1...Self.longestSide).contains($0) }) else {
            throw .invalidArgument(
                what: "a picture cannot be resized by \(resize)",
                advice: "give sides from 1 to \(Self.longestSide)")
        }
    }

    /// The longest side of a model's input; a crop's enlarged photograph may be longer than that.
    static let longestSide = 8192
}

extension Preprocessing.Channels: RawRepresentable, Codable {
    /// The text forms; any other number of channels is its number.
    public static let words = ["rgb", "bgr", "grey", "rgba"]

    /// More channels than any sensor has are a mistake.
    private static let largestCount = 4096

    /// The channels that a text names; nil for any other text.
    public init?(rawValue: String) {
        switch rawValue {
        case "rgb": self = .rgb
        case "bgr": self = .bgr
        case "grey": self = .grey
        case "rgba": self = .rgba
        default:
            guard let count = Int(rawValue), (1...Self.largestCount).contains(count) else { return nil }
            self = .numbered(count)
        }
    }

    /// The text form, which `init(rawValue:)` reads back.
    public var rawValue: String {
        switch self {
        case .rgb: "rgb"
        case .bgr: "bgr"
        case .grey: "grey"
        case .rgba: "rgba"
        case .numbered(let count): String(count)
        }
    }
}

extension Preprocessing: Codable {
    private enum CodingKeys: String, CodingKey {
        case resize, filter, channels, scale, mean
        case standardDeviation = "std"
        case layout
        case element = "type"
    }

    /// Reads a sidecar's part; fails as `validate()` does.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(resize: try container.decode(ResizeRule.self, forKey: .resize))
        filter = try container.decodeIfPresent(ResamplingFilter.self, forKey: .filter) ?? filter
        channels = try container.decodeIfPresent(Channels.self, forKey: .channels) ?? channels
        scale = try container.decodeIfPresent(Double.self, forKey: .scale) ?? scale
        mean = try container.decodeIfPresent([Double].self, forKey: .mean) ?? mean
        standardDeviation =
            try container.decodeIfPresent([Double].self, forKey: .standardDeviation) ?? standardDeviation
        layout = try container.decodeIfPresent(Layout.self, forKey: .layout) ?? layout
        element = try container.decodeIfPresent(Element.self, forKey: .element) ?? element
        try validate()
    }
}
