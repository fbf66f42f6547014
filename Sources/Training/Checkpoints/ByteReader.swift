import struct Foundation.Data

/// Walks over the bytes of a file and refuses to leave them.
struct ByteReader {
    let bytes: Data
    /// How the file is called in messages.
    let name: String
    private(set) var position = 0

    init(_ bytes: Data, name: String) {
        self.bytes = bytes
        self.name = name
    }

    var remaining: Int { bytes.count - position }

    mutating func byte() throws(TrainingError) -> UInt8 {
        guard remaining > 0 else { throw ended }
        defer { position += 1 }
        return bytes[bytes.startIndex + position]
    }

    mutating func data(_ count: Int) throws(TrainingError) -> Data {
        guard count >= 0, count <= remaining else { throw ended }
        defer { position += count }
        let start = bytes.startIndex + position
        return bytes[start..<start + count]
    }

    /// A little-endian integer without sign.
    mutating func integer(bytes count: Int) throws(TrainingError) -> UInt64 {
        try data(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A little-endian length, refused where it is beyond what is left of the file.
    mutating func length(bytes count: Int) throws(TrainingError) -> Int {
        guard let length = try Int(exactly: integer(bytes: count)), length <= remaining else { throw ended }
        return length
    }

    mutating func text(_ count: Int) throws(TrainingError) -> String {
        String(decoding: try data(count), as: UTF8.self)
    }

    /// Text up to the next line feed.
    mutating func line(limit: Int = 256) throws(TrainingError) -> String {
        let start = bytes.startIndex + position
        guard let end = bytes[start...].prefix(limit).firstIndex(of: 0x0A) else { throw ended }
        defer { position += 1 }
        return try text(end - start)
    }

    private var ended: TrainingError {
        .damagedCheckpoint(path: name, reason: "it ends early or states a length beyond its end, at byte \(position)")
    }
}
