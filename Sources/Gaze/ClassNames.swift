import Foundation
import Graphs

/// The names of a model's classes and how people refer to them.
public enum ClassNames {
    /// Reads a text file with one name per line; a leading ImageNet synset id is dropped.
    public static func read(path: String) throws(GazeError) -> [String] {
        try lines(path: path).map { identified($0)?.name ?? $0 }
    }

    /// The class of each ImageNet synset id that a line of a text file begins with.
    public static func identifiers(path: String) throws(GazeError) -> [String: Int] {
        let known = try lines(path: path).enumerated().compactMap { index, line in
            identified(line).map { ($0.identifier, index) }
        }
        return Dictionary(known, uniquingKeysWith: { first, _ in first })
    }

    private static func lines(path: String) throws(GazeError) -> [String] {
        var lines: [String]
        do { lines = try FileContents.lines(path: path) } catch {
            throw .labels(path: path, reason: error.reason)
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard !lines.isEmpty else { throw .labels(path: path, reason: "it holds no name") }
        return lines
    }

    /// `n02123394 Persian cat` in two parts; nil for a line without an identifier.
    private static func identified(_ line: String) -> (identifier: String, name: String)? {
        let words = line.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].count == 9, words[0].first == "n",
            words[0].dropFirst().allSatisfy(\.isNumber)
        else { return nil }
        return (String(words[0]), String(words[1]))
    }

    /// The class that a text means: an index, a full name, one of a name's synonyms, or the only name that contains it.
    public static func index(of text: String, names: [String]?, count: Int) throws(GazeError) -> Int {
        if let index = Int(text) {
            guard (0..<count).contains(index) else {
                throw .unknownClass(text: text, reason: "the model has classes 0 to \(count - 1)")
            }
            return index
        }
        guard let names else {
            throw .unknownClass(
                text: text, reason: "no class names are known; give an index, or names with --labels FILE")
        }
        let wanted = text.lowercased().trimmingCharacters(in: .whitespaces)
        let lower = names.prefix(count).map { $0.lowercased() }
        if let exact = lower.firstIndex(of: wanted) { return exact }
        let synonyms = lower.indices.filter { index in
            lower[index].split(separator: ",").contains { $0.trimmingCharacters(in: .whitespaces) == wanted }
        }
        let matches = synonyms.isEmpty ? lower.indices.filter { lower[$0].contains(wanted) } : synonyms
        switch matches.count {
        case 1: return matches[0]
        case 0:
            // A single wrong word is looked for in names of several words, too.
            let near = Suggestion.nearest(
                to: wanted,
                among: lower.flatMap { name in
                    let first = String(name.split(separator: ",").first ?? "")
                    let words = first.split(separator: " ").map(String.init)
                    return wanted.contains(" ") ? [first] : words
                }
            ).compactMap { word in names.first { $0.lowercased().contains(word) } }
            throw .unknownClass(
                text: text,
                reason: near.isEmpty ? "no name contains it" : "the nearest names are \(near.joined(separator: ", "))")
        default:
            let examples = matches.prefix(4).map { "\(names[$0]) (\($0))" }.joined(separator: "; ")
            throw .unknownClass(
                text: text, reason: "\(matches.count) names contain it: \(examples); give one, or its index")
        }
    }
}
