import CTIFF
import Foundation

/// TIFF through libtiff: pages, strips and tiles of 8 to 64 bits as they are stored; palettes, YCbCr and their like as RGB.
enum TIFFCodec {
    /// The picture of a file's page, or of its pages where those are the channels, and its orientation.
    static func decode(
        _ data: Data, name: String, limits: DecodingLimits, background: Colour?, channels: ChannelReading
    ) throws(ImagingError) -> (picture: Picture, orientation: Orientation) {
        let result: Result<(Picture, Orientation), ImagingError> = unsafe data.withUnsafeBytes { buffer in
            // Typed throws do not pass through `withUnsafeBytes`.
            do throws(ImagingError) {
                let file = try unsafe TIFFFile(buffer, name: name, limits: limits)
                return .success(try decode(file, background: background, channels: channels))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func decode(
        _ file: TIFFFile, background: Colour?, channels: ChannelReading
    ) throws(ImagingError) -> (Picture, Orientation) {
        let pages = try chosen(of: file, channels: channels)
        let (first, total) = (pages[0].page, pages.count * pages[0].page.channels)
        let isDirect = pages.allSatisfy { $0.page.isDirect && $0.page.number == first.number }
        let depth = isDirect ? first.number.storedBytes : 4
        try file.limits.check(
            name: file.name, width: first.width, height: first.height, fileBytes: file.byteCount,
            bytesPerPixel: total * depth * 2 + 7)
        let orientation = Orientation(rawValue: first.orientation) ?? .topLeft
        guard isDirect else {
            try file.select(pages[0].directory)
            let pixels = try file.colours(first)
            return (
                try Picture(
                    samples: PictureSamples(.bytes(pixels), channels: 3), width: first.width, height: first.height,
                    name: file.name, channels: channels), orientation
            )
        }
        var samples = TIFFSamples(first, channels: total)
        for (index, entry) in pages.enumerated() {
            try file.select(entry.directory)
            try file.read(entry.page, into: &samples, from: index * first.channels)
        }
        let read = try samples.finished(first, pages: pages.count, background: background, name: file.name)
        return (
            try picture(read, first, name: file.name, channels: channels, background: background), orientation
        )
    }

    private static func picture(
        _ samples: PictureSamples, _ page: TIFFPage, name: String, channels: ChannelReading, background: Colour?
    ) throws(ImagingError) -> Picture {
        // Transparency is seen over the background, as in other formats.
        if samples.meaning == .rgba, channels.shown.isEmpty, case .bytes(let rgba) = samples.storage {
            return AlphaComposition.picture(rgba, width: page.width, height: page.height, over: background)
        }
        return try Picture(
            samples: samples, width: page.width, height: page.height, name: name, channels: channels)
    }

    /// A scanned book has more pages, but not one that is a picture.
    private static let largestPageCount = 4096

    /// The pages that make the picture: all of one size where their number is what the model takes, else the first.
    private static func chosen(
        of file: TIFFFile, channels: ChannelReading
    ) throws(ImagingError) -> [(directory: Int, page: TIFFPage)] {
        var pages: [(directory: Int, page: TIFFPage)] = []
        for directory in 0..<largestPageCount {
            if directory > 0, !file.advance() { break }
            guard let page = file.page() else {
                if pages.isEmpty { continue }
                break
            }
            if !page.isReduced { pages.append((directory, page)) }
        }
        guard let first = pages.first?.page else {
            throw .malformed(name: file.name, format: .tiff, reason: "no page says what it holds")
        }
        let alike = pages.filter { $0.page.hasSizeAndKind(of: first) }
        let areChannels: Bool
        if let wanted = channels.count {
            let counts = [1, 3, 4]
            areChannels =
                wanted == first.channels * alike.count
                || (wanted != first.channels && !(counts.contains(wanted) && counts.contains(first.channels)))
        } else {
            areChannels = first.channels == 1
        }
        return areChannels ? alike : [pages[0]]
    }
}

/// What the directory of one page says.
struct TIFFPage: Hashable {
    /// How numbers are stored.
    enum Number: Hashable {
        case unsigned(bits: Int)
        case signed(bits: Int)
        case float(bits: Int)

        /// What a number takes in samples.
        var storedBytes: Int {
            switch self {
            case .unsigned(8): 1
            case .unsigned(16): 2
            default: 4
            }
        }

        /// What a number takes in the file.
        var bytes: Int {
            switch self {
            case .unsigned(let bits), .signed(let bits), .float(let bits): bits / 8
            }
        }
    }

    /// What a fourth channel does.
    enum Alpha: Hashable {
        case none
        case multiplied
        case separate
    }

    let width: Int
    let height: Int
    let channels: Int
    let number: Number
    let isPlanar: Bool
    let isTiled: Bool
    let isReduced: Bool
    let isInverted: Bool
    /// Whether the numbers are grey, red, green, blue or other channels as they stand.
    let isDirect: Bool
    let alpha: Alpha
    let orientation: UInt16

    func hasSizeAndKind(of other: TIFFPage) -> Bool {
        width == other.width && height == other.height && channels == other.channels && number == other.number
    }
}
