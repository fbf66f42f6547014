public import Foundation

extension Picture {
    /// The picture in a JPEG, PNG or WebP file; the format is told by the content, not by the name.
    ///
    /// Values equal what the format stores: colour profiles and PNG's gamma are not applied, CMYK becomes RGB as
    /// `(255 - k) * (255 - c) / 255` with Adobe's inverted inks, 16-bit channels keep their high byte, and an animated WebP
    /// gives its first frame.
    /// - Parameters:
    ///   - path: a file or pipe.
    ///   - limits: what the file may ask for; checked before memory for pixels is taken.
    ///   - background: the colour behind transparent parts, white unless told otherwise; `nil` drops transparency and keeps
    ///     the colours stored there (16-bit colours come back from their product with alpha: black where alpha is 0).
    ///   - appliesOrientation: whether the picture is turned as its EXIF orientation says.
    public init(
        contentsOf path: String, limits: DecodingLimits = .standard, background: Colour? = Colour(grey: 255),
        appliesOrientation: Bool = true
    ) throws(ImagingError) {
        let data = try ImageFile.contents(of: path, maximumBytes: limits.maximumFileBytes)
        try self.init(
            decoding: data, name: path, limits: limits, background: background, appliesOrientation: appliesOrientation)
    }

    /// The picture in the bytes of a JPEG, PNG or WebP file.
    /// - Parameters:
    ///   - data: a whole file.
    ///   - name: what errors call it.
    ///   - limits: what the file may ask for; checked before memory for pixels is taken.
    ///   - background: the colour behind transparent parts, white unless told otherwise; `nil` drops transparency.
    ///   - appliesOrientation: whether the picture is turned as its EXIF orientation says.
    public init(
        decoding data: Data, name: String, limits: DecodingLimits = .standard, background: Colour? = Colour(grey: 255),
        appliesOrientation: Bool = true
    ) throws(ImagingError) {
        let (stored, orientation) = try Self.stored(data, name: name, limits: limits, background: background)
        self = appliesOrientation ? orientation.upright(stored) : stored
    }

    /// The picture as a file stores it, and how it is to be turned to stand upright.
    package static func stored(
        _ data: Data, name: String, limits: DecodingLimits = .standard, background: Colour? = Colour(grey: 255)
    ) throws(ImagingError) -> (picture: Picture, orientation: Orientation) {
        guard data.count <= limits.maximumFileBytes else {
            throw .fileTooLarge(name: name, maximumBytes: limits.maximumFileBytes)
        }
        let format = try ImageFormat(detecting: data, name: name)
        let stored: Picture
        let exif: Data?
        switch format {
        case .jpeg: (stored, exif) = try JPEGCodec.decode(data, name: name, limits: limits)
        case .png: (stored, exif) = try PNGCodec.decode(data, name: name, limits: limits, background: background)
        case .webp: (stored, exif) = try WebPCodec.decode(data, name: name, limits: limits, background: background)
        }
        return (stored, exif.map { Orientation(exif: $0) } ?? .topLeft)
    }
}
