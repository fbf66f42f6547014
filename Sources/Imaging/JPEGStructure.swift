import Foundation

/// What a JPEG file's markers say before anything is decoded.
struct JPEGStructure {
    /// The size in the frame header.
    var width = 0
    var height = 0
    /// Each component's sampling factors.
    var samplings: [(horizontal: Int, vertical: Int)] = []
    /// Whether the picture is refined scan by scan.
    var isProgressive = false
    /// The number of components in the first scan.
    var firstScanComponents = 0
    /// Whether an end-of-image marker follows the scans.
    var hasEndMarker = false
    /// The payload of the first APP1 segment that holds EXIF.
    var exif: Range<Int>?

    /// Whether the whole file must be read before the first row is known.
    var needsEveryScan: Bool { isProgressive || firstScanComponents < samplings.count }

    /// The memory in bytes for one pixel's coefficients, where the decoder keeps them all.
    var coefficientBytesPerPixel: Int {
        guard needsEveryScan else { return 0 }
        let horizontal = max(1, samplings.map(\.horizontal).max() ?? 1)
        let vertical = max(1, samplings.map(\.vertical).max() ?? 1)
        let parts = samplings.reduce(0) { $0 + $1.horizontal * $1.vertical }
        return 2 * (parts + horizontal * vertical - 1) / (horizontal * vertical)
    }

    /// Walks the markers of a file.
    init(_ data: Data, name: String) throws(ImagingError) {
        let truncated = ImagingError.truncated(name: name, format: .jpeg)
        let end = data.count
        let bytes = data.span
        var offset = 2
        while let marker = Self.nextMarker(in: bytes, from: &offset) {
            if marker == 0xD9 {
                hasEndMarker = true
                break
            }
            if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
            guard offset + 2 <= end else { break }
            let segment = offset + 2..<offset + Self.word(in: bytes, at: offset)
            guard segment.upperBound <= end else { break }
            switch marker {
            case 0xC0...0xCF where marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
                try readFrameHeader(bytes, segment, marker: marker, name: name)
            case 0xDA:
                if firstScanComponents == 0, !segment.isEmpty {
                    firstScanComponents = Int(bytes[segment.lowerBound])
                }
            case 0xE1 where exif == nil && data.dropFirst(segment.lowerBound).starts(with: Data("Exif\0".utf8)):
                exif = segment
            default: break
            }
            offset = segment.upperBound
        }
        guard !samplings.isEmpty, firstScanComponents > 0 else { throw truncated }
    }

    private mutating func readFrameHeader(
        _ bytes: Span<UInt8>, _ segment: Range<Int>, marker: UInt8, name: String
    ) throws(ImagingError) {
        // A second frame header is the decoder's to refuse.
        guard samplings.isEmpty else { return }
        guard segment.count >= 6, segment.count >= 6 + 3 * Int(bytes[segment.lowerBound + 5]) else {
            throw .malformed(name: name, format: .jpeg, reason: "the frame header is too short")
        }
        height = Self.word(in: bytes, at: segment.lowerBound + 1)
        width = Self.word(in: bytes, at: segment.lowerBound + 3)
        guard width > 0, height > 0, bytes[segment.lowerBound + 5] > 0 else {
            throw .malformed(name: name, format: .jpeg, reason: "the frame header gives no size")
        }
        for component in 0..<Int(bytes[segment.lowerBound + 5]) {
            let factors = Int(bytes[segment.lowerBound + 6 + 3 * component + 1])
            samplings.append((factors >> 4, factors & 15))
        }
        isProgressive = marker & 3 == 2
    }

    /// The next marker at or after `offset`, which moves behind it; entropy-coded data and filling are passed over.
    private static func nextMarker(in bytes: Span<UInt8>, from offset: inout Int) -> UInt8? {
        while offset + 1 < bytes.count {
            let (byte, code) = (bytes[offset], bytes[offset + 1])
            if byte == 0xFF, code != 0x00, code != 0xFF {
                offset += 2
                return code
            }
            offset += 1
        }
        return nil
    }

    private static func word(in bytes: Span<UInt8>, at offset: Int) -> Int {
        Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
    }
}
