/// Reads the JSON objects of a table's rows: names with texts, numbers, truth values and null.
///
/// A general decoder takes twenty times as long. What this one is not sure of (lists, objects, escapes, numbers beyond 15 digits,
/// anything malformed) it leaves to that: it says nil.
struct FlatJSON {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// The cells of one object by name, in its order; a cell is nil for null.
    static func cells(_ line: ArraySlice<UInt8>) -> [(name: String, cell: ManifestRow.Cell?)]? {
        var reader = FlatJSON(bytes: line, position: line.startIndex)
        return reader.object()
    }

    private mutating func object() -> [(name: String, cell: ManifestRow.Cell?)]? {
        guard next() == UInt8(ascii: "{") else { return nil }
        var cells: [(name: String, cell: ManifestRow.Cell?)] = []
        while true {
            guard next() == UInt8(ascii: "\""), let name = text(), next() == UInt8(ascii: ":"), let first = next(),
                let cell = value(first)
            else { return nil }
            cells.append((name, cell))
            switch next() {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "}"): return next() == nil ? cells : nil
            default: return nil
            }
        }
    }

    /// The next byte that is no white space, passed over.
    private mutating func next() -> UInt8? {
        while position < bytes.endIndex {
            let byte = bytes[position]
            position += 1
            if byte != 0x20, byte != 0x09, byte != 0x0A, byte != 0x0D { return byte }
        }
        return nil
    }

    /// A text behind its opening quote; nil where it has escapes, control characters or bytes that are no ASCII.
    private mutating func text() -> String? {
        let start = position
        while position < bytes.endIndex {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: bytes[start..<position - 1], as: UTF8.self) }
            guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\\") else { return nil }
        }
        return nil
    }

    /// A value that begins with a byte; nil for null within nil for what is left to others.
    private mutating func value(_ first: UInt8) -> ManifestRow.Cell?? {
        switch first {
        case UInt8(ascii: "\""): text().map { .some(.text($0)) }
        case UInt8(ascii: "t"): word("rue") ? .some(.text("true")) : nil
        case UInt8(ascii: "f"): word("alse") ? .some(.text("false")) : nil
        case UInt8(ascii: "n"): word("ull") ? .some(nil) : nil
        default: number(first).map { .some(.text($0)) }
        }
    }

    private mutating func word(_ rest: StaticString) -> Bool {
        let text = "\(rest)"
        let end = position + text.utf8.count
        guard end <= bytes.endIndex, bytes[position..<end].elementsEqual(text.utf8) else { return false }
        position = end
        return true
    }

    /// A number as Swift writes it: whole numbers as such.
    private mutating func number(_ first: UInt8) -> String? {
        let start = position - 1
        let isNegative = first == UInt8(ascii: "-")
        let firstDigit = isNegative ? start + 1 : start
        position = firstDigit
        var (digits, integer, hasPoint) = (0, 0, false)
        while position < bytes.endIndex {
            let byte = bytes[position]
            if byte == UInt8(ascii: "."), !hasPoint, digits > 0 {
                hasPoint = true
            } else if (0x30...0x39).contains(byte) {
                digits += 1
                guard digits <= 15 else { return nil }
                integer = integer * 10 + Int(byte - 0x30)
            } else {
                break
            }
            position += 1
        }
        // A zero in front of other digits, a point behind which nothing stands, and exponents are for others to judge.
        guard digits > 0, position < bytes.endIndex, ![0x65, 0x45, 0x2E].contains(bytes[position]),
            bytes[position - 1] != UInt8(ascii: "."),
            bytes[firstDigit] != 0x30 || firstDigit + 1 == position || bytes[firstDigit + 1] == UInt8(ascii: ".")
        else { return nil }
        guard hasPoint else { return "\(isNegative ? -integer : integer)" }
        guard let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else { return nil }
        return Int(exactly: number).map { "\($0)" } ?? "\(number)"
    }
}
