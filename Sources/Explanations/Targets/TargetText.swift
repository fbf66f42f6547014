import Archives
package import Graphs
import Tensors

/// Names and targets as somebody types them: what Gaze prints as a suggestion can be copied as it stands.
package enum TargetText {
    /// A name in the target grammar: as it is where every character is plain, else in quotes.
    ///
    /// A number alone is a class, so a name of digits is quoted; a quote or backslash inside of quotes has a backslash in front.
    package static func name(_ name: String) -> String {
        if isPlain(name) { return name }
        let quote = name.contains("\"") && !name.contains("'") ? "'" : "\""
        let inside = name.map { $0 == "\\" || String($0) == quote ? "\\\($0)" : String($0) }.joined()
        return quote + inside + quote
    }

    /// `--target 'mean("91")'`: an option of the command line, quoted for a shell.
    package static func option(_ target: String) -> String { "--target \(ShellWord.quoted(target))" }

    private static func isPlain(_ name: String) -> Bool {
        guard let first = name.first, first.isLetter || "_/".contains(first) else { return false }
        return name.allSatisfy { belongsToPlainName($0) } && name.last != "-"
    }

    /// Whether a character may stand in a name without quotes.
    static func belongsToPlainName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "_.:/@$-".contains(character)
    }
}

extension Graph {
    /// A target that this graph answers, for advice: the mean of its first floating-point output, or of the scores that an output of
    /// integers was decided from.
    package var exampleTarget: String {
        // A file may leave the type of an output out.
        let floats = outputs.first {
            self[$0.value].type?.isFloatingPoint == true && shape(of: $0.value)?.count != 0
                && decision(behind: $0.value) == nil && suppression(behind: $0.value) == nil
        }
        if let floats { return "mean(\(TargetText.name(floats.name)))" }
        for output in outputs {
            if let decision = decision(behind: output.value) {
                return "mean(\(TargetText.name(self[decision.scores].name)))"
            }
            if let node = suppression(behind: output.value), let scores = node.input(1) {
                return "mean(\(TargetText.name(self[scores].name)))"
            }
        }
        return "mean(#0)"
    }
}
