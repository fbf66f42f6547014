import CExif
import Foundation

/// EXIF tag 0x0112: where row 0 and column 0 of the stored picture lie when it is shown upright.
package enum Orientation: UInt16, Sendable {
    case topLeft = 1
    case topRight = 2
    case bottomRight = 3
    case bottomLeft = 4
    case leftTop = 5
    case rightTop = 6
    case rightBottom = 7
    case leftBottom = 8

    /// The orientation in an EXIF block, with or without its `Exif\0\0` prefix; top left where it says nothing of use.
    init(exif block: Data) {
        let prefix = Data("Exif\0\0".utf8)
        // The tag stands in the first directory; what follows 1 MiB is thumbnails.
        var bytes = Data(block.prefix(1 << 20))
        if !bytes.starts(with: prefix) { bytes = prefix + bytes }
        self = unsafe bytes.withUnsafeBytes { buffer in unsafe Orientation.read(buffer) } ?? .topLeft
    }

    private static func read(_ buffer: UnsafeRawBufferPointer) -> Orientation? {
        guard let base = unsafe buffer.bindMemory(to: UInt8.self).baseAddress, let size = UInt32(exactly: buffer.count),
            let exif = unsafe exif_data_new_from_data(base, size)
        else { return nil }
        defer { unsafe exif_data_unref(exif) }
        guard let directory = unsafe exif.pointee.ifd.0,
            let entry = unsafe exif_content_get_entry(directory, EXIF_TAG_ORIENTATION),
            unsafe entry.pointee.format == EXIF_FORMAT_SHORT, unsafe entry.pointee.size >= 2,
            let value = unsafe entry.pointee.data
        else { return nil }
        return unsafe Orientation(rawValue: exif_get_short(value, exif_data_get_byte_order(exif)))
    }

    /// Whether the upright picture is as wide as the stored one is high.
    package var swapsSides: Bool { rawValue >= Orientation.leftTop.rawValue }

    /// The stored pixel of upright pixel (x, y) is `origin + x * right + y * down`.
    private func steps(columns: Int, rows: Int) -> (origin: Int, right: Int, down: Int) {
        let (lastColumn, lastRow) = (columns - 1, rows - 1)
        return switch self {
        case .topLeft: (0, 1, columns)
        case .topRight: (lastColumn, -1, columns)
        case .bottomRight: (lastRow * columns + lastColumn, -1, -columns)
        case .bottomLeft: (lastRow * columns, 1, -columns)
        case .leftTop: (0, columns, 1)
        case .rightTop: (lastRow * columns, -columns, 1)
        case .rightBottom: (lastRow * columns + lastColumn, -columns, -1)
        case .leftBottom: (lastColumn, columns, -1)
        }
    }

    /// The upright labels of stored ones.
    package func upright(_ picture: LabelPicture) -> LabelPicture {
        let (origin, right, down) = steps(columns: picture.width, rows: picture.height)
        let (width, height) = swapsSides ? (picture.height, picture.width) : (picture.width, picture.height)
        var labels: [Int] = []
        labels.reserveCapacity(picture.labels.count)
        for y in 0..<height {
            for x in 0..<width { labels.append(picture.labels[origin + x * right + y * down]) }
        }
        return LabelPicture(width: width, height: height, labels: labels)
    }

    /// A point of the stored picture of this size, in the upright one.
    package func upright(x: Double, y: Double, width: Double, height: Double) -> (x: Double, y: Double) {
        switch self {
        case .topLeft: (x, y)
        case .topRight: (width - x, y)
        case .bottomRight: (width - x, height - y)
        case .bottomLeft: (x, height - y)
        case .leftTop: (y, x)
        case .rightTop: (height - y, x)
        case .rightBottom: (height - y, width - x)
        case .leftBottom: (y, width - x)
        }
    }

    /// The upright picture of a stored one.
    package func upright(_ picture: Picture) -> Picture {
        guard self != .topLeft else { return picture }
        let (columns, rows) = (picture.width, picture.height)
        let (origin, right, down) = steps(columns: columns, rows: rows)
        let (width, height) = swapsSides ? (rows, columns) : (columns, rows)
        let stored = picture.pixels
        var pixels: [UInt8] = []
        pixels.reserveCapacity(stored.count)
        for y in 0..<height {
            for x in 0..<width {
                let pixel = (origin + x * right + y * down) * 3
                pixels.append(stored[pixel])
                pixels.append(stored[pixel + 1])
                pixels.append(stored[pixel + 2])
            }
        }
        let samples = picture.samples.map { samples in
            samples.reordered(
                (0..<height).flatMap { y in (0..<width).map { x in origin + x * right + y * down } })
        }
        return Picture(width: width, height: height, pixels: pixels, samples: samples)
    }
}
