extension PictureSamples {
    /// Whether a model of these channels sees more of the file than its 8-bit red, green and blue.
    func holdsMore(for channels: Preprocessing.Channels) -> Bool {
        guard case .bytes = storage else { return true }
        switch (meaning, channels) {
        // Behind an opacity that the model does not take stands the background, as it is shown.
        case (.rgba, .rgba), (.rgba, .numbered(4)): return true
        case (.rgba, _): return false
        default: return true
        }
    }

    /// The planes of a model's channels; the second result tells that colours are multiplied by the last one.
    ///
    /// Lightness becomes any colour and colours become lightness; other channels only fit a model of as many.
    func planes(for channels: Preprocessing.Channels) throws(ImagingError) -> (planes: [[Float]], isMultiplied: Bool) {
        let all = (0..<self.channels).map { plane($0) }
        if self.channels == channels.count, channels != .rgba || meaning == .other {
            return (channels == .bgr ? all.reversed() : all, false)
        }
        let colours: [[Float]]
        switch meaning {
        case .grey: colours = [all[0], all[0], all[0]]
        case .rgb: colours = all
        case .rgba where channels == .rgba: return (Self.multiplied(Array(all[..<3]), by: all[3]) + [all[3]], true)
        case .rgba: colours = composed(all)
        case .other: throw Preprocessing.otherChannels(self.channels, of: channels)
        }
        switch channels {
        case .rgb, .numbered(3): return (colours, false)
        case .bgr: return (colours.reversed(), false)
        case .rgba: return (colours + [[Float](repeating: 255, count: colours[0].count)], false)
        case .grey, .numbered(1): return ([Self.lightness(colours)], false)
        case .numbered: throw Preprocessing.otherChannels(self.channels, of: channels)
        }
    }

    /// Colours times opacity 0...1.
    private static func multiplied(_ colours: [[Float]], by alpha: [Float]) -> [[Float]] {
        colours.map { plane in zip(plane, alpha).map { $0 * $1 / 255 } }
    }

    /// Colours in front of the background.
    private func composed(_ all: [[Float]]) -> [[Float]] {
        guard let background else { return Array(all[..<3]) }
        let behind = [background.red, background.green, background.blue].map { Float($0) }
        return (0..<3).map { channel in
            zip(all[channel], all[3]).map { ($0 * $1 + behind[channel] * (255 - $1)) / 255 }
        }
    }

    /// Pillow's "L" without rounding: (19595 R + 38470 G + 7471 B) / 65536.
    private static func lightness(_ colours: [[Float]]) -> [Float] {
        colours[0].indices.map { (19595 * colours[0][$0] + 38470 * colours[1][$0] + 7471 * colours[2][$0]) / 65536 }
    }
}

extension Preprocessing {
    /// The planes of the model's input from a file's samples, resized in floating point.
    ///
    /// Colours are resized multiplied by their opacity, as Pillow does with mode RGBA, so that what is invisible does not count.
    func samplePlanes(of samples: PictureSamples, geometry: PictureGeometry) throws(ImagingError) -> [[Float]] {
        var (planes, isMultiplied) = try samples.planes(for: channels)
        let isWhole = (geometry.scaledWidth, geometry.scaledHeight) == (geometry.photoWidth, geometry.photoHeight)
        // Where nothing is resized, numbers stay as they are.
        if isMultiplied, isWhole { (planes, isMultiplied) = ((0..<4).map { samples.plane($0) }, false) }
        planes = planes.map { values in
            SamplePlane(width: geometry.photoWidth, height: geometry.photoHeight, values: values)
                .resized(width: geometry.scaledWidth, height: geometry.scaledHeight, filter: filter).values
        }
        if isMultiplied {
            for channel in 0..<3 {
                planes[channel] = zip(planes[channel], planes[3]).map { $1 > 0 ? min(max($0 * 255 / $1, 0), 255) : 0 }
            }
        }
        let fill = fillValues(planes.count)
        return planes.enumerated().map { channel, plane in placed(plane, geometry, fill: fill[channel]) }
    }

    /// What lies around a letterbox, or outside a photograph that a crop is larger than, channel by channel.
    private func fillValues(_ count: Int) -> [Float] {
        var colour = Colour(grey: 0)
        if case .letterbox(_, _, let fill, _) = resize { colour = fill }
        let values = [colour.red, colour.green, colour.blue].map { Float($0) }
        let grey = (19595 * values[0] + 38470 * values[1] + 7471 * values[2]) / 65536
        return switch channels {
        case .rgb: values
        case .bgr: values.reversed()
        case .rgba: values + [255]
        case .grey, .numbered: [Float](repeating: grey, count: count)
        }
    }

    /// A scaled plane, cut or surrounded.
    private func placed(_ plane: [Float], _ geometry: PictureGeometry, fill: Float) -> [Float] {
        var result = [Float](repeating: fill, count: resize.width * resize.height)
        let columns =
            max(0, geometry.left)..<max(0, geometry.left, min(resize.width, geometry.left + geometry.scaledWidth))
        let rows = max(0, geometry.top)..<max(0, geometry.top, min(resize.height, geometry.top + geometry.scaledHeight))
        for y in rows {
            let source = (y - geometry.top) * geometry.scaledWidth - geometry.left
            for x in columns { result[y * resize.width + x] = plane[source + x] }
        }
        return result
    }

    /// A file whose channels are not the model's.
    static func otherChannels(_ found: Int, of channels: Channels) -> ImagingError {
        .invalidArgument(
            what: "the picture has \(found) channel\(found == 1 ? "" : "s"), and the model takes \(channels.count)",
            advice: "give a file of \(channels.count) channels: .npy [\(channels.count), H, W], .npz or TIFF")
    }
}
