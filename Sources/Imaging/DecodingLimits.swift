public import Tensors

/// How much a picture file may ask for; everything is checked from the header, before memory for pixels is taken.
public struct DecodingLimits: Sendable, Hashable {
    /// The largest file that is read.
    public var maximumFileBytes: Int
    /// The largest width times height.
    public var maximumPixels: Int
    /// The most memory in bytes that decoding may hold at once: the file, the decoder's buffers and the picture.
    public var maximumMemory: Int

    /// Limits; the defaults are 256 MiB of file, 100 megapixels and 960 MiB of memory.
    public init(
        maximumFileBytes: Int = 256 << 20, maximumPixels: Int = 100_000_000, maximumMemory: Int = 960 << 20
    ) {
        self.maximumFileBytes = maximumFileBytes
        self.maximumPixels = maximumPixels
        self.maximumMemory = maximumMemory
    }

    /// The standard limits, or less where so much memory is not there: a picture with its overlay and figure takes about 20 bytes a
    /// pixel.
    public init(within memory: MemoryBudget) {
        self.init()
        maximumFileBytes = min(maximumFileBytes, memory.bytes)
        maximumPixels = min(maximumPixels, memory.bytes / 20)
        maximumMemory = min(maximumMemory, memory.bytes)
    }

    /// What files of unknown origin may ask for.
    public static let standard = DecodingLimits()

    /// Throws where a header asks for too much.
    /// - Parameters:
    ///   - fileBytes: what the file and copies of it take.
    ///   - bytesPerPixel: what the decoder's buffers and the picture take at their peak, for one pixel.
    func check(name: String, width: Int, height: Int, fileBytes: Int, bytesPerPixel: Int) throws(ImagingError) {
        let (pixels, pixelsOverflow) = width.multipliedReportingOverflow(by: height)
        guard !pixelsOverflow, pixels <= maximumPixels else {
            throw .tooManyPixels(name: name, width: width, height: height, maximum: maximumPixels)
        }
        let (pixelBytes, bytesOverflow) = pixels.multipliedReportingOverflow(by: bytesPerPixel)
        let (bytes, sumOverflow) = pixelBytes.addingReportingOverflow(fileBytes)
        guard !bytesOverflow, !sumOverflow, bytes <= maximumMemory else {
            throw .tooMuchMemory(name: name, width: width, height: height, maximumBytes: maximumMemory)
        }
    }
}
