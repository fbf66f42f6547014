public import Foundation

extension Picture {
    /// The picture in a JPEG, PNG, WebP, TIFF or NumPy file; the format is told by the content, not by the name.
    ///
    /// Values equal what the format stores: colour profiles and PNG's gamma are not applied, CMYK becomes RGB as
    /// `(255 - k) * (255 - c) / 255` with Adobe's inverted inks, and an animated WebP gives its first frame. 16-bit channels
    /// show their high byte; `samples` has all of them.
    /// - Parameters:
    ///   - path: a file or pipe.
    ///   - limits: what the file may ask for; checked before memory for pixels is taken.
    ///   - background: the colour behind transparent parts, white unless told otherwise; `nil` drops transparency and keeps
    ///     the colours stored there (16-bit colours come back from their product with alpha: black where alpha is 0).
    ///   - appliesOrientation: whether the picture is turned as its EXIF orientation says.
    ///   - channels: which parts of files with other channels are read and shown.
    public init(
        contentsOf path: String, limits: DecodingLimits = .standard, background: Colour? = Colour(grey: 255),
        appliesOrientation: Bool = true, channels: ChannelReading = ChannelReading()
    ) throws(ImagingError) {
        let data = try ImageFile.contents(of: path, maximumBytes: limits.maximumFileBytes)
        try self.init(
            decoding: data, name: path, limits: limits, background: background, appliesOrientation: appliesOrientation,
            channels: channels)
    }

    /// The picture in the bytes of a JPEG, PNG, WebP, TIFF or NumPy file.
    /// - Parameters:
    ///   - data: a whole file.
    ///   - name: what errors call it.
    ///   - limits: what the file may ask for; checked before memory for pixels is taken.
    ///   - background: the colour behind transparent parts, white unless told otherwise; `nil` drops transparency.
    ///   - appliesOrientation: whether the picture is turned as its EXIF orientation says.
    ///   - channels: which parts of files with other channels are read and shown.
    public init(
        decoding data: Data, name: String, limits: DecodingLimits = .standard, background: Colour? = Colour(grey: 255),
        appliesOrientation: Bool = true, channels: ChannelReading = ChannelReading()
    ) throws(ImagingError) {
        let (stored, orientation) = try Self.stored(
            data, name: name, limits: limits, background: background, channels: channels)
        self = appliesOrientation ? orientation.upright(stored) : stored
    }

    /// The picture as a file stores it, and how it is to be turned to stand upright.
    package static func stored(
        _ data: Data, name: String, limits: DecodingLimits = .standard, background: Colour? = Colour(grey: 255),
        channels: ChannelReading = ChannelReading()
    ) throws(ImagingError) -> (picture: Picture, orientation: Orientation) {
        guard data.count <= limits.maximumFileBytes else {
            throw .fileTooLarge(name: name, maximumBytes: limits.maximumFileBytes)
        }
        let format = try ImageFormat(detecting: data, name: name)
        let stored: Picture
        let exif: Data?
        switch format {
        case .jpeg: (stored, exif) = try JPEGCodec.decode(data, name: name, limits: limits)
        case .png:
            (stored, exif) = try PNGCodec.decode(
                data, name: name, limits: limits, background: background, channels: channels)
        case .webp: (stored, exif) = try WebPCodec.decode(data, name: name, limits: limits, background: background)
        case .tiff:
            return try TIFFCodec.decode(data, name: name, limits: limits, background: background, channels: channels)
        case .numpy:
            return (try ArrayPicture.decode(data, name: name, limits: limits, channels: channels), .topLeft)
        case .numpyArchive:
            return (try ArrayPicture.decodeArchive(data, name: name, limits: limits, channels: channels), .topLeft)
        }
        return (
            try stored.showing(channels, name: name), exif.map { Orientation(exif: $0) } ?? .topLeft
        )
    }
}

extension Picture {
    /// The picture with the wanted channels shown, and what it showed before as samples.
    fileprivate func showing(_ channels: ChannelReading, name: String) throws(ImagingError) -> Picture {
        guard !channels.shown.isEmpty else { return self }
        let rendering = try ChannelRendering(channels, of: samples?.channels ?? 3, name: name)
        let all = samples ?? PictureSamples(.bytes(pixels), channels: 3)
        return Picture(width: width, height: height, pixels: rendering.pixels(of: all), samples: all)
    }
}
