public import Explanations
import Foundation

/// The catalogue's entries as Markdown: one page a method and a table of all, made from what the methods say of themselves.
public enum MethodPage {
    /// The page of a method.
    public static func markdown(_ method: MethodDescription) -> String {
        var lines = ["# \(method.name)", "", method.summary, ""]
        if !method.formula.isEmpty { lines += ["```", method.formula, "```", ""] }
        lines += ["| | |", "|---|---|"]
        let facts = [
            ("family", method.family.rawValue), ("result", method.result), ("cost", method.cost), ("fits", method.fits),
            ("paper", method.paper),
        ]
        lines += facts.filter { !$0.1.isEmpty }.map { "| \($0.0) | \(cell($0.1)) |" }
        if !method.parameters.isEmpty {
            lines += ["", "## Parameters", "", "| name | default | meaning |", "|---|---|---|"]
            lines += method.parameters.map { "| `\($0.name)` | `\($0.defaultValue)` | \(cell($0.meaning)) |" }
        }
        if !method.remarks.isEmpty { lines += ["", "## What it is good and bad at", "", method.remarks] }
        let arguments = method.parameters.isEmpty ? "" : ":KEY=VALUE,…"
        lines += ["", "## Use", "", "```"]
        if method.display != nil { lines.append("gaze explain MODEL PHOTO -m \(method.name)\(arguments)") }
        lines += [
            "gaze attribute MODEL --input X.npy --target 3 --method \(method.name)\(arguments) --output FOLDER", "```",
            "",
        ]
        return lines.joined(separator: "\n")
    }

    /// The table of all methods, by family, with links to their pages.
    public static func index(_ methods: [MethodDescription]) -> String {
        var lines = ["# Methods", "", "Made by `make documentation` from what the methods say of themselves.", ""]
        for family in MethodDescription.Family.allCases {
            let members = methods.filter { $0.family == family }
            guard !members.isEmpty else { continue }
            let title = family.rawValue.prefix(1).uppercased() + family.rawValue.dropFirst()
            lines += ["## \(title)", "", "| method | what it says | cost |", "|---|---|---|"]
            lines += members.map { "| [\($0.name)](\($0.name).md) | \(cell($0.summary)) | \(cell($0.cost)) |" }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    /// All pages by file name.
    public static func files(_ methods: [MethodDescription]) -> [String: String] {
        var files = Dictionary(
            methods.map { ("\($0.name).md", markdown($0)) }, uniquingKeysWith: { first, _ in first })
        files["README.md"] = index(methods)
        return files
    }

    private static func cell(_ text: String) -> String {
        text.replacingOccurrences(of: "|", with: "\\|").replacingOccurrences(of: "\n", with: " ")
    }
}
