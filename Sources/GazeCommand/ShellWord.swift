import Archives

/// An argument as somebody types it into a shell.
enum ShellWord {
    /// The word, in quotes where the shell would take it apart; a path that begins with a minus begins with `./`.
    static func path(_ text: String) -> String {
        quoted(text.hasPrefix("-") && text != "-" ? "./" + text : text)
    }

    private static func quoted(_ text: String) -> String {
        guard
            text.isEmpty
                || !text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_./:@%+,=-".contains($0)) })
        else { return text }
        // What cannot be shown is written as bytes; only this kind of quotes takes them.
        guard text.shown == text else {
            let bytes = text.utf8.map { byte -> String in
                switch byte {
                case UInt8(ascii: "'"), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
                case 0x20..<0x7F: String(UnicodeScalar(byte))
                default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
                }
            }
            return "$'\(bytes.joined())'"
        }
        return "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
