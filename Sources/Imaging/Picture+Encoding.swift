public import Foundation

extension Picture {
    /// The picture as a PNG file, 8 bits a channel; reading it gives the same pixels.
    public func encodedPNG() throws(ImagingError) -> Data {
        try PNGCodec.encode(self)
    }

    /// The picture as a baseline JPEG file.
    /// - Parameter quality: 1 (smallest) to 100 (best), on libjpeg's scale; from 90 on, colour keeps its full resolution, below
    ///   it is halved in both directions.
    public func encodedJPEG(quality: Int = 92) throws(ImagingError) -> Data {
        guard (1...100).contains(quality) else {
            throw .invalidArgument(what: "JPEG quality \(quality) does not exist", advice: "choose 1 to 100")
        }
        return try JPEGCodec.encode(self, quality: quality)
    }

    /// Writes the picture as PNG or JPEG, as the file name's extension says (`.png`, `.jpg`, `.jpeg`).
    ///
    /// The file appears complete or not at all; an older one of that name stays until then.
    public func write(to path: String) throws(ImagingError) {
        let data =
            switch URL(fileURLWithPath: path).pathExtension.lowercased() {
            case "png": try encodedPNG()
            case "jpg", "jpeg": try encodedJPEG()
            default: throw ImagingError.unknownExtension(path: path)
            }
        try ImageFile.write(data, to: path)
    }
}
