/// Words of a command line as somebody types them into a shell.
package enum ShellWord {
    /// A path, in quotes where the shell would take it apart; one that begins with a minus begins with `./`.
    package static func path(_ text: String) -> String {
        let path = text.hasPrefix("-") && text != "-" ? "./" + text : text
        let isPlain = path.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_./:@%+,=-".contains($0)) }
        return isPlain && !path.isEmpty ? path : quoted(path)
    }

    /// The word in quotes that the shell takes away again.
    package static func quoted(_ text: String) -> String {
        // What cannot be shown is written as bytes, which only this kind of quotes takes.
        guard text.shown == text else { return "$'\(text.utf8.map(escaped).joined())'" }
        if !text.contains("'") { return "'\(text)'" }
        let special: Set<Character> = ["\"", "$", "`", "\\", "!"]
        if !text.contains(where: { special.contains($0) }) { return "\"\(text)\"" }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
        case 0x20..<0x7F: String(UnicodeScalar(byte))
        default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
}
