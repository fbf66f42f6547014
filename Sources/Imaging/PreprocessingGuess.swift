public import Tensors

extension Preprocessing {
    /// The likeliest preprocessing of a model about which nothing is known but its input, with a sentence for every
    /// choice that was made without evidence.
    ///
    /// - Parameters:
    ///   - inputShape: the input's axes; nil or a negative length is a dynamic one.
    ///   - elementType: the input's type.
    ///   - known: what the model does by itself, with the sentence that says so.
    ///   - channelAxis: the axis that the model takes for the channels, 1 or 3; nil guesses by the lengths.
    /// - Throws: `ImagingError.invalidArgument` where the input cannot be a picture.
    public static func guess(
        inputShape: [Int?], elementType: ElementType, known: (preset: PreprocessingPreset, reason: String)? = nil,
        channelAxis: Int? = nil
    ) throws(ImagingError) -> (preprocessing: Preprocessing, reasons: [String]) {
        let shape = inputShape.map { $0.flatMap { $0 > 0 ? $0 : nil } }
        let text = "[" + shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
        let (layout, channels) = try axes(of: shape, text: text, channelAxis: channelAxis)
        let (height, width) = layout == .nchw ? (shape[2], shape[3]) : (shape[1], shape[2])
        var reasons: [String] = []
        if shape[1] == nil, layout == .nchw {
            reasons.append("The input \(text) does not tell its channels; guessed three, channels first.")
        }
        if layout == .nhwc { reasons.append("The input \(text) has its channels last (NHWC).") }
        let size = (height: height ?? width ?? 224, width: width ?? height ?? 224)
        if height == nil || width == nil {
            reasons.append(
                "The input \(text) takes pictures of any size; guessed \(size.width)x\(size.height); "
                    + "change with --resize.")
        }
        guard [.float32, .uint8].contains(elementType) else {
            throw .invalidArgument(
                what: "the model's input \(text) takes \(elementType), and pictures are given as float32 or uint8",
                advice: "export the model with a float32 input")
        }
        let rule = ResizeRule.crop(width: size.width, height: size.height, ratio: 0.875)
        var result: Preprocessing
        switch (channels, elementType) {
        case _ where known != nil:
            result = (known?.preset ?? .raw255).preprocessing(resize: rule, layout: layout)
            result.element = elementType == .uint8 ? .uint8 : .float32
            reasons.append(known?.reason ?? "")
        case (_, .uint8):
            result = PreprocessingPreset.raw255.preprocessing(resize: rule, layout: layout)
            result.element = .uint8
            reasons.append("Guessed pixels 0...255 without normalisation, because the input takes bytes.")
        case (3, _):
            result = PreprocessingPreset.imagenet.preprocessing(resize: rule, layout: layout)
            reasons.append(
                "Guessed ImageNet's normalisation (RGB / 255, mean .485 .456 .406, std .229 .224 .225), because most "
                    + "networks of three channels use it; change with --mean, --std, --scale and --channels.")
        default:
            result = PreprocessingPreset.zeroToOne.preprocessing(resize: rule, layout: layout)
            let kind = channels == 1 ? "grey" : "RGB and opaque alpha"
            reasons.append(
                "Guessed \(kind) values 0...1 for \(channels) channel\(channels == 1 ? "" : "s"); "
                    + "change with --mean, --std and --scale.")
        }
        result.channels = channels == 1 ? .grey : channels == 3 ? .rgb : .rgba
        if case .crop(let width, let height, let shortSide) = rule {
            reasons.append(
                "Guessed a centre crop: short side to \(shortSide), then \(width)x\(height); change with --resize.")
        }
        return (result, reasons)
    }

    private static func axes(
        of shape: [Int?], text: String, channelAxis: Int?
    ) throws(ImagingError) -> (Layout, channels: Int) {
        let noPicture = ImagingError.invalidArgument(
            what:
                "the model's input \(text) does not look like a picture: four axes with 1, 3 or 4 channels are needed",
            advice: "choose another input with --input, or use gaze attribute with a tensor file")
        guard shape.count == 4 else { throw noPicture }
        let counts = [1, 3, 4]
        if let channelAxis, [1, 3].contains(channelAxis) {
            let count = shape[channelAxis] ?? 3
            guard counts.contains(count) else { throw noPicture }
            return (channelAxis == 3 ? .nhwc : .nchw, count)
        }
        let first = shape[1].flatMap { counts.contains($0) ? $0 : nil }
        let last = shape[3].flatMap { counts.contains($0) ? $0 : nil }
        switch (first, last) {
        case (let first?, nil): return (.nchw, first)
        case (nil, let last?): return (.nhwc, last)
        // Both could be channels (a picture 3 or 4 pixels wide is no picture): three are likelier than one or four.
        case (let first?, let last?): return last == 3 && first != 3 ? (.nhwc, last) : (.nchw, first)
        // A wholly dynamic input: PyTorch's order is the field's most common one.
        case (nil, nil):
            guard shape[1] == nil else { throw noPicture }
            return (.nchw, 3)
        }
    }
}
