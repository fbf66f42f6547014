public import Tensors

extension Preprocessing {
    /// The photograph as the model's input, [1, C, H, W] or [1, H, W, C].
    ///
    /// Exactly `torchvision.transforms` on a Pillow image up to the last step: 8-bit resize, crop, then
    /// (pixel * scale - mean) / standardDeviation, computed in double precision and rounded once. What a file holds beyond 8-bit
    /// red, green and blue is resized in floating point, as Pillow does in mode F.
    /// - Throws: `ImagingError.invalidArgument` where the rule makes no sense, or the photograph is too thin for it or has other
    ///   channels than the model takes.
    public func apply(to photo: Picture) throws(ImagingError) -> Tensor<Float> {
        let planes = try channelPlanes(of: photo)
        let count = channels.count
        let area = resize.height * resize.width
        var result = Tensor<Float>(repeating: 0, shape: inputShape)
        result.mutateElements { elements in
            for channel in 0..<count {
                let mean = self.mean[self.mean.count == 1 ? 0 : channel]
                let deviation = standardDeviation[standardDeviation.count == 1 ? 0 : channel]
                let (start, step) = layout == .nchw ? (channel * area, 1) : (channel, count)
                let plane = planes[channel]
                for pixel in 0..<area {
                    var normalised = (Double(plane[pixel]) * scale - mean) / deviation
                    if element == .uint8 { normalised = min(max(normalised.rounded(), 0), 255) }
                    elements[start + pixel * step] = Float(normalised)
                }
            }
        }
        return result
    }

    /// `height * width` values of every channel that the model takes.
    private func channelPlanes(of photo: Picture) throws(ImagingError) -> [[Float]] {
        if let samples = photo.samples, samples.holdsMore(for: channels) {
            return try samplePlanes(of: samples, geometry: geometry(for: photo))
        }
        let sources: [Int?] =
            switch channels {
            case .grey, .numbered(1): [0]
            case .rgb, .numbered(3): [0, 1, 2]
            case .bgr: [2, 1, 0]
            case .rgba: [0, 1, 2, nil]
            case .numbered: []
            }
        guard !sources.isEmpty else { throw Self.otherChannels(3, of: channels) }
        let pixels = try resizedPixels(of: photo)
        return sources.map { source in
            guard let source else { return [Float](repeating: 255, count: pixels.count / 3) }
            return stride(from: source, to: pixels.count, by: 3).map { pixels[$0] }
        }
    }

    /// The photograph as a tensor of the model's own element type.
    /// - Throws: `ImagingError.invalidArgument` as `apply(to:)` does.
    public func input(from photo: Picture) throws(ImagingError) -> AnyTensor {
        let values = try apply(to: photo)
        switch element {
        case .float32: return AnyTensor(values)
        case .uint8: return AnyTensor(values.map { UInt8($0) })
        }
    }

    /// What the model sees: the photograph after resizing and cropping, before normalisation.
    /// - Throws: `ImagingError.invalidArgument` as `apply(to:)` does.
    public func seenPicture(of photo: Picture) throws(ImagingError) -> Picture {
        let pixels = try resizedPixels(of: photo)
        return Picture(width: resize.width, height: resize.height, pixels: pixels.map { UInt8($0.rounded()) })
    }

    /// Where the input's pixels lie in a photograph of this size.
    /// - Throws: `ImagingError.invalidArgument` where the rule makes no sense or the photograph is too thin for it.
    public func geometry(photoWidth: Int, photoHeight: Int) throws(ImagingError) -> PictureGeometry {
        try validate()
        let geometry = PictureGeometry(rule: resize, photoWidth: photoWidth, photoHeight: photoHeight)
        // Also bounds the memory of the scaled copy, of which a crop keeps only the middle.
        guard max(geometry.scaledWidth, geometry.scaledHeight) <= Picture.longestSide,
            min(geometry.scaledWidth, geometry.scaledHeight) > 0,
            geometry.scaledWidth * geometry.scaledHeight <= 1 << 24
        else {
            throw .invalidArgument(
                what: "a photograph of \(photoWidth)x\(photoHeight) would become "
                    + "\(geometry.scaledWidth)x\(geometry.scaledHeight) by \(resize)",
                advice: "use --resize squash:\(resize.width)x\(resize.height) or cut the photograph first")
        }
        return geometry
    }

    /// Where the input's pixels lie in this photograph.
    /// - Throws: `ImagingError.invalidArgument` where the rule makes no sense or the photograph is too thin for it.
    public func geometry(for photo: Picture) throws(ImagingError) -> PictureGeometry {
        try geometry(photoWidth: photo.width, photoHeight: photo.height)
    }

    /// `height * width * 3` values 0...255 of the model's view.
    private func resizedPixels(of photo: Picture) throws(ImagingError) -> [Float] {
        let geometry = try geometry(for: photo)
        let isGrey = channels == .grey || channels == .numbered(1)
        let source = isGrey ? photo.grey : photo
        let scaled = try source.floatPixels(width: geometry.scaledWidth, height: geometry.scaledHeight, filter: filter)
        let fill: Colour
        if case .letterbox(_, _, let colour, _) = resize { fill = colour } else { fill = Colour(grey: 0) }
        let (width, height) = (resize.width, resize.height)
        let background = Picture(width: 1, height: 1, red: fill.red, green: fill.green, blue: fill.blue)
        let fillPixel = (isGrey ? background.grey : background).pixels.map(Float.init)
        var result = [Float](repeating: 0, count: width * height * 3)
        for y in 0..<height {
            let row = y - geometry.top
            for x in 0..<width {
                let column = x - geometry.left
                let inside = row >= 0 && row < geometry.scaledHeight && column >= 0 && column < geometry.scaledWidth
                let position = (row * geometry.scaledWidth + column) * 3
                for channel in 0..<3 {
                    result[(y * width + x) * 3 + channel] =
                        inside ? scaled.elements[position + channel] : fillPixel[channel]
                }
            }
        }
        return result
    }
}

extension Picture {
    /// The picture in Pillow's "L" grey: (19595 R + 38470 G + 7471 B + 32768) / 65536 in all three channels.
    public var grey: Picture {
        var result = self
        result.mutatePixels { pixels in
            for index in stride(from: 0, to: pixels.count, by: 3) {
                let sum = 19595 * Int(pixels[index]) + 38470 * Int(pixels[index + 1]) + 7471 * Int(pixels[index + 2])
                let grey = UInt8(truncatingIfNeeded: (sum + 32768) >> 16)
                for channel in 0..<3 { pixels[index + channel] = grey }
            }
        }
        return result
    }
}
