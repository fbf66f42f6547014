import CWebP
import Foundation

/// WebP through libwebp; animations through its demultiplexer.
enum WebPCodec {
    /// The picture, or an animation's first frame, and its EXIF block.
    static func decode(
        _ data: Data, name: String, limits: DecodingLimits, background: Colour?
    ) throws(ImagingError) -> (picture: Picture, exif: Data?) {
        var features = WebPBitstreamFeatures()
        let status = unsafe data.withUnsafeBytes { buffer in
            unsafe WebPGetFeatures(buffer.bindMemory(to: UInt8.self).baseAddress, buffer.count, &features)
        }
        guard status == VP8_STATUS_OK else { throw failure(status, name: name) }
        let isAnimated = features.has_animation != 0
        let hasAlpha = isAnimated || features.has_alpha != 0
        let (width, height) = (Int(features.width), Int(features.height))
        // An animation holds two canvases and a frame; a lossless picture is decoded as ARGB before it is copied.
        try limits.check(
            name: name, width: width, height: height, fileBytes: data.count,
            bytesPerPixel: isAnimated ? 15 : (hasAlpha ? 4 : 3) + 4)
        let pixels =
            isAnimated
            ? try firstFrame(data, name: name, count: width * height * 4)
            : try still(data, name: name, width: width, height: height, hasAlpha: hasAlpha)
        let picture =
            hasAlpha
            ? AlphaComposition.picture(pixels, width: width, height: height, over: background)
            : Picture(width: width, height: height, pixels: pixels)
        return (picture, exif(data))
    }

    private static func still(
        _ data: Data, name: String, width: Int, height: Int, hasAlpha: Bool
    ) throws(ImagingError) -> [UInt8] {
        let channels = hasAlpha ? 4 : 3
        var pixels = [UInt8](repeating: 0, count: width * height * channels)
        guard let pitch = Int32(exactly: width * channels) else { throw failure(VP8_STATUS_OUT_OF_MEMORY, name: name) }
        let status = unsafe pixels.withUnsafeMutableBufferPointer { target in
            var configuration = unsafe WebPDecoderConfig()
            guard unsafe WebPInitDecoderConfig(&configuration) != 0 else { return VP8_STATUS_INVALID_PARAM }
            unsafe configuration.output.colorspace = hasAlpha ? MODE_RGBA : MODE_RGB
            unsafe configuration.output.is_external_memory = 1
            unsafe configuration.output.u.RGBA = WebPRGBABuffer(
                rgba: target.baseAddress, stride: pitch, size: target.count)
            return unsafe data.withUnsafeBytes { source in
                unsafe WebPDecode(source.bindMemory(to: UInt8.self).baseAddress, source.count, &configuration)
            }
        }
        guard status == VP8_STATUS_OK else { throw failure(status, name: name) }
        return pixels
    }

    private static func firstFrame(_ data: Data, name: String, count: Int) throws(ImagingError) -> [UInt8] {
        let pixels: [UInt8]? = unsafe data.withUnsafeBytes { source in
            var options = WebPAnimDecoderOptions()
            var file = unsafe WebPData(bytes: source.bindMemory(to: UInt8.self).baseAddress, size: source.count)
            guard unsafe WebPAnimDecoderOptionsInit(&options) != 0 else { return nil }
            options.color_mode = MODE_RGBA
            options.use_threads = 0
            guard let decoder = unsafe WebPAnimDecoderNew(&file, &options) else { return nil }
            defer { unsafe WebPAnimDecoderDelete(decoder) }
            var information = WebPAnimInfo()
            var canvas: UnsafeMutablePointer<UInt8>?
            var timestamp: Int32 = 0
            guard unsafe WebPAnimDecoderGetInfo(decoder, &information) != 0,
                Int(information.canvas_width) * Int(information.canvas_height) * 4 == count,
                unsafe WebPAnimDecoderGetNext(decoder, &canvas, &timestamp) != 0, let canvas = unsafe canvas
            else { return nil }
            return unsafe Array(UnsafeBufferPointer(start: canvas, count: count))
        }
        guard let pixels else {
            throw .malformed(name: name, format: .webp, reason: "the first frame of the animation cannot be decoded")
        }
        return pixels
    }

    private static func exif(_ data: Data) -> Data? {
        unsafe data.withUnsafeBytes { source in
            var file = unsafe WebPData(bytes: source.bindMemory(to: UInt8.self).baseAddress, size: source.count)
            guard let demultiplexer = unsafe WebPDemux(&file) else { return nil }
            defer { unsafe WebPDemuxDelete(demultiplexer) }
            var iterator = unsafe WebPChunkIterator()
            defer { unsafe WebPDemuxReleaseChunkIterator(&iterator) }
            guard unsafe WebPDemuxGetChunk(demultiplexer, "EXIF", 1, &iterator) != 0,
                let bytes = unsafe iterator.chunk.bytes
            else { return nil }
            return unsafe Data(bytes: bytes, count: iterator.chunk.size)
        }
    }

    private static func failure(_ status: VP8StatusCode, name: String) -> ImagingError {
        switch status {
        case VP8_STATUS_NOT_ENOUGH_DATA, VP8_STATUS_SUSPENDED: .truncated(name: name, format: .webp)
        case VP8_STATUS_UNSUPPORTED_FEATURE:
            .malformed(name: name, format: .webp, reason: "it uses a feature that libwebp does not know")
        case VP8_STATUS_OUT_OF_MEMORY: .malformed(name: name, format: .webp, reason: "libwebp ran out of memory")
        default: .malformed(name: name, format: .webp, reason: "its bit stream is not valid")
        }
    }
}
