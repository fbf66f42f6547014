public import Foundation

/// A picture whose numbers are labels, not brightness: a mask, a trimap, a segmentation.
public struct LabelPicture: Sendable, Hashable {
    /// The number of columns.
    public let width: Int
    /// The number of rows.
    public let height: Int
    /// `height * width` labels, row by row.
    public let labels: [Int]

    /// Labels of this size; their number must be `width * height`.
    public init(width: Int, height: Int, labels: [Int]) {
        precondition(width > 0 && height > 0 && labels.count == width * height, "labels do not fit the size")
        self.width = width
        self.height = height
        self.labels = labels
    }

    /// The labels in the bytes of a picture: positions in the palette of a PNG that has one, else the grey value as it is
    /// stored (1-bit pictures hold 0 and 1, 16-bit ones up to 65535); of a coloured picture the red channel.
    ///
    /// Two colours that are equal in the palette cannot be told apart: the first counts.
    public init(decoding data: Data, name: String, limits: DecodingLimits = .standard) throws(ImagingError) {
        let unit: Int
        let positions: [Int: Int]?
        switch LabelMeaning(data) {
        case .palette(let known): (unit, positions) = (1, known)
        case .grey(let step): (unit, positions) = (step, nil)
        case .deepGrey:
            let deep = try PNGCodec.decodeDeepGrey(data, name: name, limits: limits)
            self.init(width: deep.width, height: deep.height, labels: deep.values.map { Int($0) })
            return
        case .deepColour:
            throw .invalidArgument(
                what: "the labels in \(name) are 16-bit colours or have transparency",
                advice: "save them as a grey picture of 8 or 16 bits, or with a palette")
        }
        let picture = try Picture(
            decoding: data, name: name, limits: limits, background: nil, appliesOrientation: false)
        let pixels = picture.pixels
        let count = picture.width * picture.height
        let labels = (0..<count).map { index in
            guard let positions else { return Int(pixels[index * 3]) / unit }
            let colour = pixels[index * 3..<index * 3 + 3].reduce(0) { $0 << 8 | Int($1) }
            return positions[colour] ?? 0
        }
        self.init(width: picture.width, height: picture.height, labels: labels)
    }
}

/// How labels are read off the decoded colours of a file.
private enum LabelMeaning {
    /// The position of each colour.
    case palette([Int: Int])
    /// What one label is in 8-bit grey.
    case grey(unit: Int)
    /// The 16-bit grey value itself.
    case deepGrey
    /// 16-bit values from which no label can be told.
    case deepColour

    init(_ data: Data) {
        let bytes = [UInt8](data.prefix(26))
        guard bytes.count == 26, bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else {
            self = .grey(unit: 1)
            return
        }
        let (depth, kind) = (Int(bytes[24]), bytes[25])
        if depth == 16 {
            self = kind == 0 ? .deepGrey : .deepColour
            return
        }
        guard kind == 3, let palette = Self.palette(data) else {
            self = .grey(unit: kind == 0 && [1, 2, 4].contains(depth) ? 255 / ((1 << depth) - 1) : 1)
            return
        }
        let colours = stride(from: 0, to: palette.count - 2, by: 3).map { start in
            palette[start..<start + 3].reduce(0) { $0 << 8 | Int($1) }
        }
        self = .palette(Dictionary(zip(colours, colours.indices), uniquingKeysWith: { first, _ in first }))
    }

    /// The content of the chunk `PLTE`.
    private static func palette(_ data: Data) -> [UInt8]? {
        var rest = data.dropFirst(8)
        while rest.count >= 12 {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            if rest.dropFirst(4).prefix(4) == Data("PLTE".utf8) { return [UInt8](rest.dropFirst(8).prefix(length)) }
            rest = rest.dropFirst(length + 12)
        }
        return nil
    }
}
