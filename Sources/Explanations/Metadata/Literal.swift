/// A value written as text, as exporters put lists and dictionaries into a file's metadata: JSON, or Python's own form.
package enum Literal: Hashable {
    case text(String)
    case number(Double)
    case truth(Bool)
    case nothing
    case list([Literal])
    /// Keys with their values in the text's order.
    case dictionary([Entry])

    /// A key with its value.
    package struct Entry: Hashable {
        package let key: Literal
        package let value: Literal

        package init(key: Literal, value: Literal) {
            self.key = key
            self.value = value
        }
    }

    /// Longer texts are not read: names of a hundred thousand classes have room.
    package static let largestLength = 1 << 22

    /// Reads one literal; nil where the text is anything else, too long or nested too deeply.
    package init?(parsing text: String) {
        guard text.utf8.count <= Self.largestLength else { return nil }
        var reader = LiteralReader(text)
        guard let value = reader.whole() else { return nil }
        self = value
    }

    /// The text, or the number as a whole one's digits.
    package var words: String? {
        switch self {
        case .text(let text): text
        case .number(let value): integer.map(String.init) ?? String(value)
        default: nil
        }
    }

    /// A whole number, also one that stands in quotes.
    package var integer: Int? {
        switch self {
        case .number(let value): Int(exactly: value)
        case .text(let text): Int(text)
        default: nil
        }
    }

    /// The elements of a list.
    package var elements: [Literal]? { if case .list(let elements) = self { elements } else { nil } }

    /// The entries of a dictionary.
    package var entries: [Entry]? { if case .dictionary(let entries) = self { entries } else { nil } }

    /// What a dictionary holds for one of these keys, the last one where a key is repeated.
    package subscript(keys: String...) -> Literal? {
        entries?.last { entry in keys.contains { entry.key == .text($0) } }?.value
    }
}

/// A recursive descent over the bytes of a literal.
private struct LiteralReader {
    private let bytes: [UInt8]
    private var position = 0

    private static let deepest = 16

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func whole() -> Literal? {
        guard let value = value(depth: 0) else { return nil }
        skipSpace()
        return position == bytes.count ? value : nil
    }

    private mutating func value(depth: Int) -> Literal? {
        skipSpace()
        guard depth <= Self.deepest, let byte = current else { return nil }
        switch byte {
        case UInt8(ascii: "{"): return dictionary(depth: depth)
        case UInt8(ascii: "["): return list(closedBy: UInt8(ascii: "]"), depth: depth)
        case UInt8(ascii: "("): return list(closedBy: UInt8(ascii: ")"), depth: depth)
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return quoted(by: byte).map { .text($0) }
        default: return word()
        }
    }

    private mutating func dictionary(depth: Int) -> Literal? {
        position += 1
        var entries: [Literal.Entry] = []
        while true {
            if take(UInt8(ascii: "}")) { return .dictionary(entries) }
            guard let key = value(depth: depth + 1), take(UInt8(ascii: ":")), let value = value(depth: depth + 1)
            else { return nil }
            entries.append(Literal.Entry(key: key, value: value))
            guard take(UInt8(ascii: ",")) || next == UInt8(ascii: "}") else { return nil }
        }
    }

    private mutating func list(closedBy end: UInt8, depth: Int) -> Literal? {
        position += 1
        var elements: [Literal] = []
        while true {
            if take(end) { return .list(elements) }
            guard let element = value(depth: depth + 1) else { return nil }
            elements.append(element)
            guard take(UInt8(ascii: ",")) || next == end else { return nil }
        }
    }

    /// `True`, `null`, `-3`, `1e-3`.
    private mutating func word() -> Literal? {
        let start = position
        while let byte = current, byte.isWord { position += 1 }
        switch String(decoding: bytes[start..<position], as: UTF8.self) {
        case "True", "true": return .truth(true)
        case "False", "false": return .truth(false)
        case "None", "null": return .nothing
        case let text:
            guard text.first.map({ $0.isNumber || $0 == "-" || $0 == "." }) == true, let number = Double(text),
                number.isFinite
            else { return nil }
            return .number(number)
        }
    }

    private mutating func quoted(by quote: UInt8) -> String? {
        position += 1
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            if byte == quote { return String(decoding: text, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let character = escaped() else { return nil }
            text += Array(String(character).utf8)
        }
        return nil
    }

    /// What stands behind a backslash.
    private mutating func escaped() -> Character? {
        guard let byte = current else { return nil }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "x"): return hexadecimal(2).flatMap { Unicode.Scalar($0) }.map { Character($0) }
        case UInt8(ascii: "U"): return hexadecimal(8).flatMap { Unicode.Scalar($0) }.map { Character($0) }
        case UInt8(ascii: "u"): return hexadecimal(4).flatMap { paired($0) }.map { Character($0) }
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "/"):
            return Character(Unicode.Scalar(byte))
        default: return nil
        }
    }

    /// A scalar of one or, as JSON writes those beyond 16 bits, two halves.
    private mutating func paired(_ first: UInt32) -> Unicode.Scalar? {
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
        guard position + 2 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return nil }
        position += 2
        guard let second = hexadecimal(4), (0xDC00..<0xE000).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func hexadecimal(_ digits: Int) -> UInt32? {
        guard position + digits <= bytes.count else { return nil }
        let text = bytes[position..<position + digits]
        guard text.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        position += digits
        return UInt32(String(decoding: text, as: UTF8.self), radix: 16)
    }

    // MARK: Bytes

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private var next: UInt8? {
        mutating get {
            skipSpace()
            return current
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }
}

extension UInt8 {
    /// Whether a number or a keyword may hold it.
    fileprivate var isWord: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
