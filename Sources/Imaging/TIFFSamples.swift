/// The numbers of a TIFF picture while its strips and tiles come in.
struct TIFFSamples {
    private var bytes: [UInt8] = []
    private var words: [UInt16] = []
    private var floats: [Float] = []
    private let channels: Int
    private let width: Int

    /// Room for so many channels of pages like this one.
    init(_ page: TIFFPage, channels: Int) {
        (self.channels, width) = (channels, page.width)
        let count = page.width * page.height * channels
        switch page.number {
        case .unsigned(8): bytes = [UInt8](repeating: 0, count: count)
        case .unsigned(16): words = [UInt16](repeating: 0, count: count)
        default: floats = [Float](repeating: 0, count: count)
        }
    }

    /// Takes the numbers of a strip or tile, whose bytes stand in the machine's order.
    mutating func put(
        _ chunk: [UInt8], _ page: TIFFPage, left: Int, top: Int, columns: Int, rows: Int, rowBytes: Int,
        channels chunkChannels: Int, at first: Int
    ) {
        let (total, width, step) = (channels, width, page.number.bytes)
        func each(_ body: (_ source: Int, _ target: Int) -> Void) {
            for row in 0..<rows {
                var source = row * rowBytes
                var target = ((top + row) * width + left) * total + first
                for _ in 0..<columns {
                    for channel in 0..<chunkChannels { body(source + channel * step, target + channel) }
                    source += chunkChannels * step
                    target += total
                }
            }
        }
        unsafe chunk.withUnsafeBytes { raw in
            func load<Value: BitwiseCopyable>(_ offset: Int, as type: Value.Type) -> Value {
                unsafe raw.loadUnaligned(fromByteOffset: offset, as: type)
            }
            switch page.number {
            case .unsigned(8): each { bytes[$1] = load($0, as: UInt8.self) }
            case .unsigned(16): each { words[$1] = load($0, as: UInt16.self) }
            case .unsigned: each { floats[$1] = Float(load($0, as: UInt32.self)) }
            case .signed(8): each { floats[$1] = Float(load($0, as: Int8.self)) }
            case .signed(16): each { floats[$1] = Float(load($0, as: Int16.self)) }
            case .signed: each { floats[$1] = Float(load($0, as: Int32.self)) }
            case .float(16): each { floats[$1] = Float(load($0, as: Float16.self)) }
            case .float(64): each { floats[$1] = Float(load($0, as: Double.self)) }
            case .float: each { floats[$1] = load($0, as: Float.self) }
            }
        }
    }

    /// The samples, white where it is high, with straight alpha.
    func finished(
        _ page: TIFFPage, pages: Int, background: Colour?, name: String
    ) throws(ImagingError) -> PictureSamples {
        guard floats.allSatisfy(\.isFinite) else {
            throw .invalidArgument(
                what: "'\(name)' holds values that are no numbers (NaN or infinite)",
                advice: "replace them and save it anew")
        }
        let hasAlpha = page.alpha != .none && pages == 1
        let storage: PictureSamples.Storage =
            switch page.number {
            case .unsigned(8): .bytes(arranged(bytes, page, hasAlpha: hasAlpha, white: 255))
            case .unsigned(16): .words(arranged(words, page, hasAlpha: hasAlpha, white: 65535))
            default: .floats(floats)
            }
        if case .floats = storage {
            return PictureSamples(storage, channels: channels, background: background)
        }
        return PictureSamples(
            storage, channels: hasAlpha ? 4 : channels, meaning: hasAlpha ? .rgba : nil, background: background)
    }

    private func arranged<Value: FixedWidthInteger>(
        _ stored: [Value], _ page: TIFFPage, hasAlpha: Bool, white: Value
    ) -> [Value] {
        var values = stored
        if page.isInverted {
            for index in values.indices where !(hasAlpha && index % channels == channels - 1) {
                values[index] = white - values[index]
            }
        }
        guard hasAlpha else { return values }
        var result: [Value] = []
        result.reserveCapacity(values.count / channels * 4)
        for pixel in stride(from: 0, to: values.count, by: channels) {
            let alpha = values[pixel + channels - 1]
            for channel in 0..<3 {
                let value = values[pixel + (channels == 4 ? channel : 0)]
                let isDivided = page.alpha == .multiplied && alpha > 0
                result.append(
                    isDivided ? Value(clamping: (Int(value) * Int(white) + Int(alpha) / 2) / Int(alpha)) : value)
            }
            result.append(alpha)
        }
        return result
    }
}
