import CPNG
import Foundation

/// PNG through libpng's simplified interface.
enum PNGCodec {
    /// The picture and its EXIF block.
    static func decode(
        _ data: Data, name: String, limits: DecodingLimits, background: Colour?, channels: ChannelReading
    ) throws(ImagingError) -> (picture: Picture, exif: Data?) {
        let chunks = PNGChunks(data, keepsTransparency: background != nil)
        var image = unsafe png_image()
        unsafe image.version = UInt32(PNG_IMAGE_VERSION)
        defer { unsafe png_image_free(&image) }
        let source = chunks.pixels
        let result: Result<Picture, ImagingError> = unsafe source.withUnsafeBytes { buffer in
            // Typed throws do not pass through `withUnsafeBytes`.
            do throws(ImagingError) {
                guard unsafe png_image_begin_read_from_memory(&image, buffer.baseAddress, buffer.count) != 0 else {
                    throw unsafe failure(image, name: name)
                }
                let layout = unsafe Layout(image.format)
                try unsafe limits.check(
                    name: name, width: Int(image.width), height: Int(image.height),
                    fileBytes: data.count + source.count,
                    bytesPerPixel: layout.bytesPerPixel + 3)
                return unsafe .success(
                    try read(&image, layout, name: name, background: background, channels: channels))
            } catch {
                return .failure(error)
            }
        }
        return (try result.get(), chunks.exif)
    }

    /// How the decoder is asked to lay pixels out: at the file's own depth.
    ///
    /// Without colour chunks libpng takes 8-bit files for sRGB and 16-bit files for linear light, so asking for the same
    /// leaves values as they are; what it calls linear has its colours multiplied by alpha. Reducing 16 bits to 8 is not left to
    /// it: version 1.6.39 mixes up the rows of interlaced files there.
    private struct Layout {
        let format: UInt32

        init(_ format: UInt32) {
            let known = format & UInt32(PNG_FORMAT_FLAG_ALPHA | PNG_FORMAT_FLAG_LINEAR)
            // Deep grey stays one channel.
            let isDeepGrey = known == PNG_FORMAT_FLAG_LINEAR && format & UInt32(PNG_FORMAT_FLAG_COLOR) == 0
            self.format = isDeepGrey ? known : known | UInt32(PNG_FORMAT_FLAG_COLOR)
        }

        var isDeep: Bool { format & UInt32(PNG_FORMAT_FLAG_LINEAR) != 0 }
        var hasAlpha: Bool { format & UInt32(PNG_FORMAT_FLAG_ALPHA) != 0 }
        var channels: Int { format & UInt32(PNG_FORMAT_FLAG_COLOR) == 0 ? 1 : hasAlpha ? 4 : 3 }
        var bytesPerPixel: Int { channels * (isDeep ? 2 : 1) }
    }

    private static func read(
        _ image: inout png_image, _ layout: Layout, name: String, background: Colour?, channels: ChannelReading
    ) throws(ImagingError) -> Picture {
        let (width, height) = unsafe (Int(image.width), Int(image.height))
        unsafe image.format = layout.format
        let count = width * height * layout.channels
        if layout.isDeep {
            var deep = [UInt16](repeating: 0, count: count)
            guard unsafe png_image_finish_read(&image, nil, &deep, 0, nil) != 0 else {
                throw unsafe failure(image, name: name)
            }
            guard layout.hasAlpha else {
                let samples = PictureSamples(.words(deep), channels: layout.channels)
                return try Picture(samples: samples, width: width, height: height, name: name, channels: channels)
            }
            let pixels = AlphaComposition.compose(premultiplied: deep, over: background)
            AlphaComposition.divideByAlpha(&deep)
            let samples = PictureSamples(.words(deep), channels: 4, meaning: .rgba, background: background)
            return Picture(width: width, height: height, pixels: pixels, samples: samples)
        }
        var shallow = [UInt8](repeating: 0, count: count)
        guard unsafe png_image_finish_read(&image, nil, &shallow, 0, nil) != 0 else {
            throw unsafe failure(image, name: name)
        }
        guard layout.hasAlpha else { return Picture(width: width, height: height, pixels: shallow) }
        return AlphaComposition.picture(shallow, width: width, height: height, over: background)
    }

    /// The 16-bit values of a grey file without transparency, row by row.
    static func decodeDeepGrey(
        _ data: Data, name: String, limits: DecodingLimits
    ) throws(ImagingError) -> (width: Int, height: Int, values: [UInt16]) {
        var image = unsafe png_image()
        unsafe image.version = UInt32(PNG_IMAGE_VERSION)
        defer { unsafe png_image_free(&image) }
        let source = PNGChunks(data, keepsTransparency: false).pixels
        let result: Result<(width: Int, height: Int, values: [UInt16]), ImagingError> = unsafe source.withUnsafeBytes {
            buffer in
            guard unsafe png_image_begin_read_from_memory(&image, buffer.baseAddress, buffer.count) != 0 else {
                return unsafe .failure(failure(image, name: name))
            }
            let (width, height) = unsafe (Int(image.width), Int(image.height))
            do throws(ImagingError) {
                try limits.check(
                    name: name, width: width, height: height, fileBytes: data.count + source.count, bytesPerPixel: 10)
            } catch { return .failure(error) }
            // Without colour chunks libpng takes 16-bit files for linear light, and asked for the same it changes nothing.
            unsafe image.format = UInt32(PNG_FORMAT_FLAG_LINEAR)
            var values = [UInt16](repeating: 0, count: width * height)
            guard unsafe png_image_finish_read(&image, nil, &values, 0, nil) != 0 else {
                return unsafe .failure(failure(image, name: name))
            }
            return .success((width, height, values))
        }
        return try result.get()
    }

    private static func failure(_ image: png_image, name: String) -> ImagingError {
        let reason = unsafe message(image)
        let endings = ["read beyond end of data", "Not enough image data", "Read Error"]
        if endings.contains(where: reason.contains) { return .truncated(name: name, format: .png) }
        return .malformed(name: name, format: .png, reason: reason)
    }

    private static func message(_ image: png_image) -> String {
        unsafe withUnsafeBytes(of: image.message) { text in
            unsafe String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// An 8-bit RGB file.
    static func encode(_ picture: Picture) throws(ImagingError) -> Data {
        let (width, height) = (picture.width, picture.height)
        func failure(_ reason: String) -> ImagingError {
            .encodingFailed(format: .png, width: width, height: height, reason: reason)
        }
        guard let columns = UInt32(exactly: width), let rows = UInt32(exactly: height) else {
            throw failure("too large")
        }
        var image = unsafe png_image()
        unsafe image.version = UInt32(PNG_IMAGE_VERSION)
        unsafe image.width = columns
        unsafe image.height = rows
        unsafe image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
        // What cannot be compressed is stored with a filter byte a row and less than 1/256 of packaging.
        let raw = picture.pixels.count + height
        var file = Data(count: raw + raw / 256 + 4096)
        var size = file.count
        let status = unsafe file.withUnsafeMutableBytes { target in
            unsafe picture.pixels.withUnsafeBytes { source in
                unsafe png_image_write_to_memory(&image, target.baseAddress, &size, 0, source.baseAddress, 0, nil)
            }
        }
        guard status != 0, size <= file.count else { throw unsafe failure(message(image)) }
        return file.prefix(size)
    }
}
