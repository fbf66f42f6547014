import Foundation
import Yams

/// Reads YAML that may come from anywhere.
enum YAMLText {
    /// The most references that a text may make; each may multiply what it refers to.
    private static let mostReferences = 12
    /// The longest text with references in bytes.
    private static let longestWithReferences = 16 << 10

    /// The outermost node of the only document; nil for an empty text.
    static func root(of text: String) throws(FileProblem) -> Yams.Node? {
        try checkReferences(in: text)
        do { return try Yams.compose(yaml: text) } catch { throw FileProblem(reason: words(for: error)) }
    }

    /// Refuses texts whose references (`&name`, `*name`) may stand for more than anyone wrote.
    ///
    /// The parser hands a reference on as a copy of the node, and compares keys by all that they hold: twelve lines, each a key of ten
    /// references to the line before, take longer than anyone waits. So they are counted before it sees them, and where a sign may be
    /// none, within a quoted name, it counts as well.
    private static func checkReferences(in text: String) throws(FileProblem) {
        var (anchors, references) = (0, 0)
        var previous: UInt8 = 0x20
        var bytes = text.utf8.makeIterator()
        var current = bytes.next()
        while let byte = current {
            let next = bytes.next()
            if byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*"), mayPrecedeNode(previous), (next ?? 0x20) > 0x20 {
                if byte == UInt8(ascii: "*") { references += 1 } else { anchors += 1 }
            }
            (previous, current) = (byte, next)
        }
        guard anchors > 0, references > 0 else { return }
        guard references <= mostReferences, text.utf8.count <= longestWithReferences else {
            throw FileProblem(
                reason:
                    "it makes \(references) references (*name) in \(text.utf8.count) bytes, and \(mostReferences) in "
                    + "\(longestWithReferences) are followed; write out what they stand for")
        }
    }

    /// White space, signs that stand in front of a node, and parts of characters beyond ASCII, some of which end a line.
    private static func mayPrecedeNode(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte >= 0x80 || "[]{},:?-\"'".utf8.contains(byte)
    }

    private static func words(for error: any Error) -> String {
        guard let problem = error as? YamlError else { return "it is no YAML" }
        switch problem {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return "it is no YAML at line \(mark.line), column \(mark.column) (\(problem))"
        case .reader(_, let offset, _, _):
            return "it holds a character that YAML does not permit" + (offset.map { ", at byte \($0)" } ?? "")
        case .duplicatedKeysInMapping(let keys, _):
            return "the key '\((keys.first ?? "").prefix(80))' stands twice in one place"
        default: return "it is no YAML"
        }
    }
}
