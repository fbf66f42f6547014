import Foundation
import Graphs

/// The names of a model's classes and how people refer to them.
public enum ClassNames {
    /// Reads a file of names in any form that `ClassNameList(contentsOf:)` knows; number by number.
    public static func read(path: String) throws(GazeError) -> [String] { try ClassNameList(contentsOf: path).names }

    /// The class of each ImageNet synset id that stands beside a name.
    public static func identifiers(path: String) throws(GazeError) -> [String: Int] {
        try ClassNameList(contentsOf: path).identifiers
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
        let same = lower.indices.filter { lower[$0] == wanted }
        // Names may differ by nothing but their case.
        let exact = same.count > 1 ? same.filter { names[$0] == text } : same
        if exact.count == 1 { return exact[0] }
        if same.count > 1 {
            throw .sharedName(text: text, classes: same)
        }
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
