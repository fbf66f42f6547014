import CTurboJPEG
import Foundation

/// JPEG through TurboJPEG.
enum JPEGCodec {
    /// The picture and its EXIF block.
    ///
    /// As Pillow does, damage inside a complete file is decoded as far as it goes, and a file that ends early is refused.
    static func decode(
        _ data: Data, name: String, limits: DecodingLimits
    ) throws(ImagingError) -> (picture: Picture, exif: Data?) {
        let structure = try JPEGStructure(data, name: name)
        let (width, height) = (structure.width, structure.height)
        let channels = structure.samplings.count == 4 ? 4 : 3
        let copies = structure.hasEndMarker ? 1 : 2
        try limits.check(
            name: name, width: width, height: height, fileBytes: data.count * copies,
            bytesPerPixel: channels + max(3, structure.coefficientBytesPerPixel))
        guard structure.hasEndMarker || !structure.needsEveryScan else {
            throw .truncated(name: name, format: .jpeg)
        }
        // Some cameras leave the end marker out. With one in place, only missing rows make the decoder complain.
        let complete = structure.hasEndMarker ? data : data + [0xFF, 0xD9]
        var pixels = [UInt8](repeating: 0, count: width * height * channels)
        let outcome = decompress(complete, into: &pixels, width: width, height: height, channels: channels)
        switch outcome {
        case .complete: break
        case .warning: if !structure.hasEndMarker { throw .truncated(name: name, format: .jpeg) }
        case .failure(let reason): throw .malformed(name: name, format: .jpeg, reason: reason)
        }
        if channels == 4 { pixels = rgb(adobe: pixels) }
        let exif = structure.exif.map { Data(data.dropFirst($0.lowerBound).prefix($0.count)) }
        return (Picture(width: width, height: height, pixels: pixels), exif)
    }

    private enum Outcome {
        case complete
        case warning
        case failure(reason: String)
    }

    private static func decompress(
        _ data: Data, into pixels: inout [UInt8], width: Int, height: Int, channels: Int
    ) -> Outcome {
        guard let size = UInt(exactly: data.count), let columns = Int32(exactly: width),
            let rows = Int32(exactly: height), let pitch = Int32(exactly: width * channels),
            let decoder = unsafe tjInitDecompress()
        else { return .failure(reason: "the decoder does not start") }
        defer { unsafe tjDestroy(decoder) }
        let format = channels == 4 ? TJPF_CMYK : TJPF_RGB
        let status = unsafe data.withUnsafeBytes { source in
            unsafe pixels.withUnsafeMutableBufferPointer { target in
                // Accurate inverse DCT is what Pillow uses; a bound on scans keeps hostile files from taking minutes.
                unsafe tjDecompress2(
                    decoder, source.bindMemory(to: UInt8.self).baseAddress, size, target.baseAddress,
                    columns, pitch, rows, Int32(format.rawValue), TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)
            }
        }
        if status == 0 { return .complete }
        let reason = unsafe reason(decoder)
        // TurboJPEG calls a fatal error a warning, too, where a warning came before it; its text alone is the last one's.
        let isWarning = unsafe tjGetErrorCode(decoder) == Int32(TJERR_WARNING.rawValue)
        return isWarning && warnings.contains(where: reason.hasPrefix) ? .warning : .failure(reason: reason)
    }

    /// How libjpeg's warnings start, after which it goes on to the last row.
    private static let warnings = [
        "Corrupt JPEG data", "Premature end of JPEG file", "Inconsistent progression sequence",
        "Invalid SOS parameters for sequential JPEG", "Unknown Adobe color transform code", "Warning: ",
    ]

    private static func reason(_ handle: tjhandle) -> String {
        unsafe tjGetErrorStr2(handle).map { text in unsafe String(cString: text) } ?? "unknown error"
    }

    /// RGB of inverted CMYK, which is what Adobe's programs write and everybody reads: `colour * black / 255`.
    private static func rgb(adobe inks: [UInt8]) -> [UInt8] {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(inks.count / 4 * 3)
        for pixel in stride(from: 0, to: inks.count - 3, by: 4) {
            let light = Int(inks[pixel + 3])
            for channel in 0..<3 {
                let ink = 255 - Int(inks[pixel + channel])
                pixels.append(UInt8(clamping: light - (ink * light + 127) / 255))
            }
        }
        return pixels
    }

    /// A baseline JPEG file.
    static func encode(_ picture: Picture, quality: Int) throws(ImagingError) -> Data {
        let (width, height) = (picture.width, picture.height)
        func failure(_ reason: String) -> ImagingError {
            .encodingFailed(format: .jpeg, width: width, height: height, reason: reason)
        }
        guard width <= 65500, height <= 65500, let columns = Int32(exactly: width), let rows = Int32(exactly: height)
        else { throw failure("65500 pixels a side are the most") }
        guard let encoder = unsafe tjInitCompress() else { throw failure("the encoder does not start") }
        defer { unsafe tjDestroy(encoder) }
        let sampling = quality >= 90 ? TJSAMP_444 : TJSAMP_420
        var file: UnsafeMutablePointer<UInt8>?
        var size: UInt = 0
        defer { unsafe tjFree(file) }
        let status = unsafe picture.pixels.withUnsafeBufferPointer { source in
            unsafe tjCompress2(
                encoder, source.baseAddress, columns, 0, rows, Int32(TJPF_RGB.rawValue), &file, &size,
                Int32(sampling.rawValue), Int32(quality), TJFLAG_ACCURATEDCT)
        }
        guard status == 0, let bytes = unsafe file, let count = Int(exactly: size) else {
            throw unsafe failure(reason(encoder))
        }
        return unsafe Data(bytes: bytes, count: count)
    }
}
