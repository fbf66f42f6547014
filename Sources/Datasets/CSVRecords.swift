import struct Foundation.Data

/// The records of a CSV text (RFC 4180): quoted cells may hold separators, line ends and doubled quotes.
///
/// Bytes that are not UTF-8 become U+FFFD; lines end in LF, CR or CRLF; a byte order mark is dropped.
struct CSVRecords: Sequence, IteratorProtocol {
    /// A record, and where it stands.
    struct Record: Hashable {
        /// The line on which it begins, from 1.
        var line: Int
        var cells: [String]
        /// What is wrong with its quotes; nil for most.
        var defect: String?
    }

    private let bytes: [UInt8]
    private let separator: UInt8
    private var position = 0
    private var line = 1

    init(_ data: Data) {
        bytes = [UInt8](data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data)
        let header = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        let candidates = [UInt8](",\t;".utf8)
        separator = candidates.first { header.contains($0) } ?? candidates[0]
    }

    /// The next record that is not an empty line.
    mutating func next() -> Record? {
        while position < bytes.count {
            let record = readRecord()
            if record.cells != [""] || record.defect != nil { return record }
        }
        return nil
    }

    private mutating func readRecord() -> Record {
        var record = Record(line: line, cells: [])
        while true {
            record.cells.append(readCell(&record.defect))
            guard position < bytes.count else { return record }
            let byte = bytes[position]
            position += 1
            if byte == separator { continue }
            if byte == 0x0D, position < bytes.count, bytes[position] == 0x0A { position += 1 }
            line += 1
            return record
        }
    }

    /// The cell at the position, which ends at a separator, a line end or the end of the text.
    private mutating func readCell(_ defect: inout String?) -> String {
        var cell: [UInt8] = []
        if position < bytes.count, bytes[position] == 0x22 {
            position += 1
            guard readQuoted(into: &cell) else {
                defect = "a quote is not closed"
                return String(decoding: cell, as: UTF8.self)
            }
        }
        let plain = position
        while position < bytes.count, bytes[position] != separator, bytes[position] != 0x0A, bytes[position] != 0x0D {
            position += 1
        }
        if plain > 0, position > plain, bytes[plain - 1] == 0x22 { defect = "text follows a closing quote" }
        // Most cells are not quoted: their bytes stand as they are.
        if cell.isEmpty { return String(decoding: bytes[plain..<position], as: UTF8.self) }
        cell.append(contentsOf: bytes[plain..<position])
        return String(decoding: cell, as: UTF8.self)
    }

    /// The text up to the closing quote, which is passed over; false where there is none.
    private mutating func readQuoted(into cell: inout [UInt8]) -> Bool {
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == 0x22 {
                guard position < bytes.count, bytes[position] == 0x22 else { return true }
                position += 1
            } else if byte == 0x0A || (byte == 0x0D && !(position < bytes.count && bytes[position] == 0x0A)) {
                line += 1
            }
            cell.append(byte)
        }
        return false
    }
}
