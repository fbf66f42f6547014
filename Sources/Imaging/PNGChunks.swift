import Foundation

/// A PNG file reduced to the chunks that hold its pixels, and its EXIF block.
///
/// Colour management is left out (`gAMA`, `cHRM`, `sRGB`, `iCCP`), for the values as stored are wanted, and so are texts and
/// profiles, which would only cost memory.
struct PNGChunks {
    /// The signature, the critical chunks, and `tRNS` where it is wanted.
    private(set) var pixels = Data()
    /// The content of the first `eXIf` chunk.
    private(set) var exif: Data?

    /// Walks the chunks of a file; damage is the decoder's to find.
    init(_ data: Data, keepsTransparency: Bool) {
        pixels.reserveCapacity(data.count)
        pixels.append(data.prefix(8))
        var rest = data.dropFirst(8)
        while rest.count >= 8 {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            let kind = Data(rest.dropFirst(4).prefix(4))
            let chunk = rest.prefix(length + 12)
            rest = rest.dropFirst(length + 12)
            // The fifth bit of the first letter is 0 in a critical chunk.
            let isCritical = kind.first.map { $0 & 0x20 == 0 } ?? false
            if isCritical || (kind == Data("tRNS".utf8) && keepsTransparency) {
                pixels.append(chunk)
            } else if kind == Data("eXIf".utf8), exif == nil, chunk.count == length + 12 {
                exif = Data(chunk.dropFirst(8).prefix(length))
            }
            if kind == Data("IEND".utf8) { break }
        }
    }
}
