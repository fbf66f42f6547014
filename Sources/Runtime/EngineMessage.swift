import Archives
import Foundation

/// The engine's words without what only its makers understand: files of its build machine and signatures of its functions.
enum EngineMessage {
    /// The node that failed, where the engine names it, and the reason.
    static func readable(_ message: String) -> String {
        // One line of it stands behind our sentence.
        let words = withoutMakersWords(message)
        let mark = "Fatal error: "
        return SystemReason.line(words.hasPrefix(mark) ? String(words.dropFirst(mark.count)) : words)
    }

    private static func withoutMakersWords(_ message: String) -> String {
        let running = "Non-zero status code returned while running "
        guard let start = message.range(of: running) else { return withoutPlaces(message) }
        let words = message[start.upperBound...]
        guard let operation = words.split(separator: " ", maxSplits: 1).first,
            let name = words.range(of: "Name:'"), let status = words.range(of: "Status Message: "),
            let end = words[name.upperBound...].firstIndex(of: "'")
        else { return withoutPlaces(message) }
        return "node '\(words[name.upperBound..<end])' (\(operation)) cannot take these inputs: "
            + withoutPlaces(String(words[status.upperBound...]))
    }

    /// `/build/x.h:47 type Class::function(arguments) condition was false. Reason` becomes `Reason`.
    private static func withoutPlaces(_ message: String) -> String {
        var text = message
        // Every round takes one place away.
        for _ in 0..<16 {
            guard let place = sourcePlace(in: text) else { break }
            var rest = text[place.upperBound...].drop { $0 == " " }
            rest = withoutSignature(rest)
            if let failed = rest.range(of: "was false. ") { rest = rest[failed.upperBound...] }
            let start = text[..<place.lowerBound]
            text = start + (start.last.map { " ([".contains($0) } ?? true ? "" : " ") + String(rest)
        }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }

    /// A place such as `/a/b.cc:12`, also behind a colon or bracket.
    private static func sourcePlace(in text: String) -> Range<String.Index>? {
        var start = text.startIndex
        while start < text.endIndex {
            let end = text[start...].firstIndex { $0 == " " || $0.isNewline } ?? text.endIndex
            let word = text[start..<end]
            let isSource = [".h:", ".hpp:", ".cc:", ".cpp:", ".cu:", ".cuh:"].contains { mark in
                word.range(of: mark).map { word[$0.upperBound...].first?.isNumber == true } ?? false
            }
            if isSource, let slash = word.firstIndex(of: "/") { return slash..<end }
            guard end < text.endIndex else { return nil }
            start = text.index(after: end)
        }
        return nil
    }

    /// The text behind a C++ function's signature, where it begins with one.
    private static func withoutSignature(_ text: Substring) -> Substring {
        guard let open = text.firstIndex(of: "("), text[..<open].range(of: "::") != nil else { return text }
        var depth = 0
        for index in text[open...].indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0 { return text[text.index(after: index)...].drop { $0 == " " } }
        }
        return text
    }
}
