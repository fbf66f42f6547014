import Foundation

/// A file format that pictures are read from.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable {
    /// ISO/IEC 10918: lossy, no transparency.
    case jpeg = "JPEG"
    /// ISO/IEC 15948: lossless.
    case png = "PNG"
    /// RFC 9649: lossy or lossless, with or without transparency.
    case webp = "WebP"
    /// TIFF 6.0: one page or several, 8 to 64 bits, any number of channels.
    case tiff = "TIFF"
    /// NumPy's file of one array.
    case numpy = "NumPy"
    /// NumPy's archive of arrays.
    case numpyArchive = "NumPy archive"

    /// The format that the first bytes of a file show, whatever its name says.
    init(detecting data: Data, name: String) throws(ImagingError) {
        guard !data.isEmpty else { throw .emptyFile(name: name) }
        if data.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if data.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if Signature("RIFF").matches(data), Signature("WEBP", at: 8).matches(data) {
            self = .webp
        } else if [Signature("II*\0"), Signature("MM\0*"), Signature("II+\0"), Signature("MM\0+")].contains(where: {
            $0.matches(data)
        }) {
            self = .tiff
        } else if Signature("\u{93}NUMPY").matches(data) {
            self = .numpy
        } else if Signature("PK\u{03}\u{04}").matches(data) {
            self = .numpyArchive
        } else {
            let (looksLike, advice) = ForeignFormat.recognise(data)
            throw .unsupportedFormat(name: name, looksLike: looksLike, advice: advice)
        }
    }
}

/// Bytes at a fixed place that tell a file format.
private struct Signature {
    private let bytes: [UInt8]
    private let offset: Int

    init(_ text: String, at offset: Int = 0) {
        bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        self.offset = offset
    }

    func matches(_ data: Data) -> Bool { data.dropFirst(offset).starts(with: bytes) }
}

/// The formats that people try, to tell them what they have and what to make of it.
private enum ForeignFormat {
    private static let convert = "convert it to PNG or JPEG and try again"
    private static let still = "save the frame you mean as PNG and try again"
    private static let page = "export the page you mean as PNG and try again"
    private static let unpack = "unpack it and name the pictures in it"

    /// Scalars up to U+00FF stand for the bytes of that value.
    private static let signatures: [(signatures: [Signature], looksLike: String, advice: String)] = [
        ([Signature("GIF87a")], "a GIF picture", still),
        ([Signature("GIF89a")], "a GIF picture", still),
        ([Signature("BM"), Signature("\0\0\0\0", at: 6)], "a BMP picture", convert),
        ([Signature("ftypavif", at: 4)], "an AVIF picture", convert),
        ([Signature("ftypavis", at: 4)], "an animated AVIF picture", still),
        ([Signature("ftyphei", at: 4)], "a HEIC picture (a phone's camera format)", convert),
        ([Signature("ftyphev", at: 4)], "a HEIC sequence (a phone's camera format)", still),
        ([Signature("ftypmif1", at: 4)], "a HEIF picture (a phone's camera format)", convert),
        ([Signature("ftyp", at: 4)], "a film (MP4 family)", still),
        ([Signature("\u{FF}\u{0A}")], "a JPEG XL picture", convert),
        ([Signature("\0\0\0\u{0C}JXL ")], "a JPEG XL picture", convert),
        ([Signature("\0\0\0\u{0C}jP  ")], "a JPEG 2000 picture", convert),
        ([Signature("\u{FF}\u{4F}\u{FF}\u{51}")], "a JPEG 2000 picture", convert),
        ([Signature("\0\0\u{01}\0")], "an icon (ICO)", convert),
        ([Signature("8BPS")], "a Photoshop document", convert),
        ([Signature("DDS ")], "a DDS texture", convert),
        ([Signature("qoif")], "a QOI picture", convert),
        ([Signature("\u{76}\u{2F}\u{31}\u{01}")], "an OpenEXR picture", convert),
        ([Signature("%PDF")], "a PDF document", page),
        ([Signature("%!PS")], "a PostScript document", page),
        ([Signature("RIFF"), Signature("AVI ", at: 8)], "a film (AVI)", still),
        ([Signature("\u{1A}\u{45}\u{DF}\u{A3}")], "a film (Matroska or WebM)", still),
        ([Signature("\u{1F}\u{8B}")], "a gzip archive", unpack),
    ]

    static func recognise(_ data: Data) -> (looksLike: String, advice: String) {
        if let found = signatures.first(where: { $0.signatures.allSatisfy { $0.matches(data) } }) {
            return (found.looksLike, found.advice)
        }
        guard let text = leadingText(data) else {
            return ("binary data of an unknown kind", "give a JPEG, PNG, WebP or TIFF file")
        }
        let lower = text.drop(while: \.isWhitespace).lowercased()
        if lower.hasPrefix("<svg") || (lower.hasPrefix("<?xml") && lower.contains("<svg")) {
            return ("an SVG drawing", "render it to PNG and try again")
        }
        if lower.hasPrefix("<!doctype html") || lower.hasPrefix("<html") {
            return ("a web page (HTML)", "download the picture itself, not the page that shows it")
        }
        if text.hasPrefix("P"), let kind = text.dropFirst().first, "123456".contains(kind),
            text.dropFirst(2).first?.isWhitespace == true
        {
            return ("a PNM picture (PBM, PGM or PPM)", convert)
        }
        return ("text", "give a JPEG, PNG, WebP or TIFF file")
    }

    /// The first bytes as text, where they are text; one letter cut in two at their end does not matter.
    private static func leadingText(_ data: Data) -> String? {
        let head = data.prefix(1024)
        let text = String(decoding: head, as: UTF8.self)
        let damaged = text.unicodeScalars.filter { scalar in
            scalar == "\u{FFFD}" || (scalar.value < 32 && !scalar.properties.isWhitespace)
        }
        return damaged.count <= (data.count > head.count ? 3 : 0) ? text : nil
    }
}
