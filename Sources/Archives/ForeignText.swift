extension StringProtocol {
    /// The text as people may safely see it: what would steer a terminal, break the line or turn its direction is written out.
    ///
    /// Control characters (C0, delete, C1), separators of lines and paragraphs and overrides of direction become `\u{1b}`.
    package var shown: String {
        replacing(where: \.isSteering) { "\\u{\($0)}" }
    }

    /// JSON whose strings have such characters as JSON writes them: `\u202e`; the same JSON to whoever reads it.
    package var shownJSON: String {
        // Encoders write those below 32 so themselves; line breaks between values stay.
        replacing(where: { $0.value >= 0x7F && $0.isSteering }) {
            "\\u" + String(repeating: "0", count: 4 - $0.count) + $0
        }
    }

    /// The text with some scalars written as `escape` makes it of their hexadecimal digits.
    private func replacing(where isReplaced: (Unicode.Scalar) -> Bool, by escape: (String) -> String) -> String {
        guard unicodeScalars.contains(where: isReplaced) else { return String(self) }
        var text = ""
        for scalar in unicodeScalars {
            if isReplaced(scalar) {
                text += escape(String(scalar.value, radix: 16))
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// The text, or as much of its start and end as `limit` characters hold with an ellipsis between them.
    ///
    /// A sentence begins with what is wrong and ends with what to do.
    package func shortened(to limit: Int) -> String {
        // Bytes bound characters, and counting them costs nothing.
        guard utf8.count > limit, count > limit else { return String(self) }
        let end = limit / 4
        return prefix(limit - 1 - end) + "…" + suffix(end)
    }
}

extension Unicode.Scalar {
    fileprivate var isSteering: Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
