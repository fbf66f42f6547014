public import Tensors

/// A choice about the preprocessing that nobody made, in a sentence.
public struct PreprocessingGuess: Sendable, Hashable, CustomStringConvertible {
    /// The parts of a preprocessing that are chosen apart.
    public enum Topic: Sendable, Hashable, CaseIterable {
        /// Which channels, and where they stand.
        case channels
        /// Channels first or last.
        case layout
        /// The width and height of the input.
        case size
        /// Crop, squash or letterbox.
        case resizing
        /// Scale, mean and standard deviation.
        case normalisation
    }

    /// What was chosen.
    public let topic: Topic
    /// What was chosen, why, and which flag changes it.
    public let text: String

    /// A guess with its reason.
    public init(_ topic: Topic, _ text: String) {
        self.topic = topic
        self.text = text
    }

    /// The sentence.
    public var description: String { text }
}

extension Preprocessing {
    /// The likeliest preprocessing of a model about which nothing is known but its input, with a sentence for every
    /// choice that was made without evidence.
    ///
    /// - Parameters:
    ///   - inputShape: the input's axes; nil or a negative length is a dynamic one.
    ///   - elementType: the input's type.
    ///   - channelAxis: which axis holds the channels, where the model's first layer tells.
    ///   - known: what the model does by itself, with the sentence that says so.
    /// - Throws: `ImagingError.invalidArgument` where the input cannot be a picture.
    public static func guess(
        inputShape: [Int?], elementType: ElementType, channelAxis: Int? = nil,
        known: (preset: PreprocessingPreset, reason: String)? = nil
    ) throws(ImagingError) -> (preprocessing: Preprocessing, reasons: [PreprocessingGuess]) {
        let shape = inputShape.map { $0.flatMap { $0 > 0 ? $0 : nil } }
        let text = "[" + shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
        let (layout, channels) = try axes(of: shape, channelAxis: channelAxis, text: text)
        let (height, width) = layout == .nchw ? (shape[2], shape[3]) : (shape[1], shape[2])
        var reasons: [PreprocessingGuess] = []
        if shape[1] == nil, layout == .nchw {
            reasons.append(
                PreprocessingGuess(
                    .channels, "The input \(text) does not tell its channels; guessed three, channels first."))
        }
        if layout == .nhwc {
            reasons.append(PreprocessingGuess(.layout, "The input \(text) has its channels last (NHWC)."))
        }
        let size = (height: height ?? width ?? 224, width: width ?? height ?? 224)
        if height == nil || width == nil {
            reasons.append(
                PreprocessingGuess(
                    .size,
                    "The input \(text) takes pictures of any size; guessed \(size.width)x\(size.height); "
                        + "change with --resize."))
        }
        guard [.float32, .uint8].contains(elementType) else {
            throw .invalidArgument(
                what: "the model's input \(text) takes \(elementType), and pictures are given as float32 or uint8",
                advice: "export the model with a float32 input")
        }
        let rule = ResizeRule.crop(width: size.width, height: size.height, ratio: 0.875)
        let (preset, reason) = known ?? usual(channels: channels, elementType)
        var result = preset.preprocessing(resize: rule, layout: layout, channels: Channels(count: channels))
        result.element = elementType == .uint8 ? .uint8 : .float32
        reasons.append(PreprocessingGuess(.normalisation, reason))
        if case .crop(let width, let height, let shortSide) = rule {
            reasons.append(
                PreprocessingGuess(
                    .resizing,
                    "Guessed a centre crop: short side to \(shortSide), then \(width)x\(height); change with --resize.")
            )
        }
        return (result, reasons)
    }

    /// What most models of so many channels take, with a sentence.
    private static func usual(
        channels: Int, _ elementType: ElementType
    ) -> (preset: PreprocessingPreset, reason: String) {
        switch (channels, elementType) {
        case (_, .uint8):
            (.raw255, "Guessed pixels 0...255 without normalisation, because the input takes bytes.")
        case (3, _):
            (
                .imagenet,
                "Guessed ImageNet's normalisation (RGB / 255, less its means, by its deviations), because most "
                    + "networks of three channels use it; change with --mean, --std, --scale and --channels."
            )
        case (1, _), (4, _):
            (
                .zeroToOne,
                "Guessed \(channels == 1 ? "grey" : "RGB and opacity") values 0...1 for \(channels) "
                    + "channel\(channels == 1 ? "" : "s"); change with --mean, --std and --scale."
            )
        default:
            (
                .raw255,
                "Guessed the numbers of the file as they are for \(channels) channels (bytes 0...255); "
                    + "change with --mean, --std and --scale."
            )
        }
    }

    private static func axes(
        of shape: [Int?], channelAxis: Int?, text: String
    ) throws(ImagingError) -> (Layout, channels: Int) {
        let noPicture = ImagingError.invalidArgument(
            what:
                "the model's input \(text) does not look like a picture: four axes are needed, one of them for channels",
            advice: "choose another input with --input, or use gaze attribute with a tensor file")
        guard shape.count == 4 else { throw noPicture }
        if let channelAxis, let count = shape[channelAxis], channelAxis == 1 || channelAxis == 3 {
            return (channelAxis == 1 ? .nchw : .nhwc, count)
        }
        let counts = [1, 3, 4]
        let first = shape[1].flatMap { counts.contains($0) ? $0 : nil }
        let last = shape[3].flatMap { counts.contains($0) ? $0 : nil }
        switch (first, last) {
        case (let first?, nil): return (.nchw, first)
        case (nil, let last?): return (.nhwc, last)
        // Both could be channels (a picture 3 or 4 pixels wide is no picture): three are likelier than one or four.
        case (let first?, let last?): return last == 3 && first != 3 ? (.nhwc, last) : (.nchw, first)
        case (nil, nil): break
        }
        // Channels of any other number are fewer than rows and columns.
        func isFew(_ count: Int, _ sides: [Int?]) -> Bool { sides.allSatisfy { $0.map { 2 * count <= $0 } ?? false } }
        if let count = shape[1], isFew(count, [shape[2], shape[3]]) { return (.nchw, count) }
        if let count = shape[3], isFew(count, [shape[1], shape[2]]) { return (.nhwc, count) }
        // A wholly dynamic input: PyTorch's order is the field's most common one.
        guard shape[1] == nil else { throw noPicture }
        return (.nchw, 3)
    }
}
