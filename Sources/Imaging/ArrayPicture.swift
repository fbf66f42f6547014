import Foundation
import Tensors

/// Arrays of NumPy as pictures.
enum ArrayPicture {
    /// The picture in the bytes of an `.npy` file.
    static func decode(
        _ data: Data, name: String, limits: DecodingLimits, channels: ChannelReading
    ) throws(ImagingError) -> Picture {
        let array: AnyTensor
        do { array = try Numpy.decode(data, name: name) } catch {
            throw .malformed(name: name, format: .numpy, reason: reason(error))
        }
        return try picture(array, name: name, limits: limits, channels: channels)
    }

    /// The picture in the bytes of an `.npz` file: its only array, or the named one.
    static func decodeArchive(
        _ data: Data, name: String, limits: DecodingLimits, channels: ChannelReading
    ) throws(ImagingError) -> Picture {
        let arrays: [String: AnyTensor]
        do { arrays = try NumpyArchive.decode(data, name: name, limit: limits.maximumMemory / 2) } catch {
            if case .file = error, data.range(of: Data(".npy".utf8)) == nil {
                throw foreignArchive(name)
            }
            throw .malformed(name: name, format: .numpyArchive, reason: reason(error))
        }
        let names = arrays.keys.sorted()
        guard !names.isEmpty else { throw foreignArchive(name) }
        let listed = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
        if let wanted = channels.array {
            guard let array = arrays[wanted] else {
                throw .invalidArgument(
                    what: "there is no array '\(wanted)' in '\(name)'", advice: "choose one of \(listed)")
            }
            return try picture(array, name: "\(name)/\(wanted)", limits: limits, channels: channels)
        }
        guard names.count == 1, let array = arrays[names[0]] else {
            throw .invalidArgument(
                what: "'\(name)' holds several arrays (\(listed))", advice: "name one with --array NAME")
        }
        return try picture(array, name: name, limits: limits, channels: channels)
    }

    private static func foreignArchive(_ name: String) -> ImagingError {
        .unsupportedFormat(
            name: name, looksLike: "a ZIP archive without arrays", advice: "unpack it and name the pictures in it")
    }

    private static func reason(_ error: TensorError) -> String {
        if case .numpyFile(_, let reason) = error { return reason }
        return "\(error)".trimmingCharacters(in: CharacterSet(charactersIn: "."))
    }

    /// The picture of an array `[H, W]`, `[C, H, W]` or `[H, W, C]`, with axes of one in front.
    private static func picture(
        _ array: AnyTensor, name: String, limits: DecodingLimits, channels: ChannelReading
    ) throws(ImagingError) -> Picture {
        var lengths = array.shape.dimensions
        while lengths.count > 3, lengths[0] == 1 { lengths.removeFirst() }
        if lengths.count == 2 { lengths.insert(1, at: 0) }
        guard lengths.count == 3, lengths.allSatisfy({ $0 > 0 }),
            let isLast = channelsAreLast(lengths, wanted: channels.count)
        else {
            let wanted = channels.count.map { "[\($0), H, W] or [H, W, \($0)]" } ?? "[H, W], [C, H, W] or [H, W, C]"
            throw .invalidArgument(
                what: "the array in '\(name)' has the shape \(array.shape), and the model takes \(wanted)",
                advice: "save it in one of these shapes")
        }
        let (height, width, count) =
            isLast ? (lengths[0], lengths[1], lengths[2]) : (lengths[1], lengths[2], lengths[0])
        try limits.check(
            name: name, width: width, height: height, fileBytes: array.bytes.count,
            bytesPerPixel: count * (array.elementType == .uint8 ? 1 : 4) + 3)
        let storage: PictureSamples.Storage
        if array.elementType == .uint8 || array.elementType == .bool {
            let scale: UInt8 = array.elementType == .bool ? 255 : 1
            storage = .bytes(interleaved([UInt8](array.bytes).map { $0 * scale }, isLast: isLast, count))
        } else {
            let values = array.floats
            guard values.allSatisfy(\.isFinite) else {
                throw .invalidArgument(
                    what: "the array in '\(name)' holds values that are no numbers (NaN or infinite)",
                    advice: "replace them, e.g. with numpy.nan_to_num, and save it anew")
            }
            storage = .floats(interleaved(values, isLast: isLast, count))
        }
        return try Picture(
            samples: PictureSamples(storage, channels: count), width: width, height: height, name: name,
            channels: channels)
    }

    /// Whether the last of three axes holds the channels; nil where none of both can.
    private static func channelsAreLast(_ lengths: [Int], wanted: Int?) -> Bool? {
        let (first, last) = (lengths[0], lengths[2])
        if let wanted, first == wanted { return false }
        if let wanted, last == wanted { return true }
        // Grey becomes colours and colours become grey.
        let counts = [1, 3, 4]
        if let wanted, !counts.contains(wanted) { return nil }
        if counts.contains(first) { return false }
        if counts.contains(last) { return true }
        return wanted == nil ? last < first : nil
    }

    private static func interleaved<Value>(_ values: [Value], isLast: Bool, _ count: Int) -> [Value] {
        guard !isLast, count > 1 else { return values }
        let area = values.count / count
        var result: [Value] = []
        result.reserveCapacity(values.count)
        for pixel in 0..<area { for channel in 0..<count { result.append(values[channel * area + pixel]) } }
        return result
    }
}

extension Picture {
    /// The picture of samples: shown as the reading says, with the samples where they hold more than is shown.
    init(
        samples: PictureSamples, width: Int, height: Int, name: String, channels: ChannelReading
    ) throws(ImagingError) {
        let rendering = try ChannelRendering(channels, of: samples.channels, name: name)
        let isShownAsItIs = samples.isPlain && channels.shown.isEmpty
        self.init(
            width: width, height: height, pixels: rendering.pixels(of: samples),
            samples: isShownAsItIs ? nil : samples)
    }
}
