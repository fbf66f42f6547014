public import Evaluation
import Explanations
import Foundation

/// The catalogues of metrics and similarities as Markdown: one page each and a table of all, made from what they say of
/// themselves.
public enum MeasurePage {
    /// The page of a metric or similarity.
    public static func markdown(_ measure: MeasureDescription) -> String {
        var lines = ["# \(measure.name)", "", measure.summary, "", "```", measure.formula, "```", ""]
        lines += ["| | |", "|---|---|"]
        lines += facts(of: measure).map { "| \($0.name) | \(cell($0.text)) |" }
        if !measure.parameters.isEmpty {
            lines += ["", "## Parameters", "", "| name | default | meaning |", "|---|---|---|"]
            lines += measure.parameters.map { "| `\($0.name)` | `\($0.defaultValue)` | \(cell($0.meaning)) |" }
        }
        if !measure.remarks.isEmpty { lines += ["", "## What to know", "", measure.remarks] }
        let arguments = measure.parameters.isEmpty ? "" : ":KEY=VALUE,…"
        let use =
            measure.family == .similarity
            ? "gaze compare-maps A.npy B.npy --metric \(measure.name)\(arguments)"
            : "gaze evaluate MODEL DATASET -m gradcam --metrics \(measure.name)\(arguments)"
        lines += ["", "## Use", "", "```", use, "```", ""]
        return lines.joined(separator: "\n")
    }

    /// What a catalogue entry says in few words, by name; what does not apply is left out.
    public static func facts(of measure: MeasureDescription) -> [(name: String, text: String)] {
        let needs = MeasureDescription.Need.allCases.filter(measure.needs.contains).map(\.rawValue)
        let better =
            switch measure.better {
            case .higher: "larger"
            case .lower: "smaller"
            case .neither: "neither by itself"
            }
        return [
            ("asks", question(measure.family)), ("range", measure.range), ("better", better),
            ("needs", needs.joined(separator: ", ")),
            ("cost", measure.family == .similarity ? "" : measure.cost), ("paper", measure.paper),
        ].filter { !$0.1.isEmpty }.map { (name: $0.0, text: $0.1) }
    }

    /// What the measures of a family ask about.
    public static func question(_ family: MeasureDescription.Family) -> String {
        switch family {
        case .faithfulness: "whether the model's score depends on what the map shows"
        case .localisation: "whether the map lies on the annotated object"
        case .complexity: "how much of the picture the map needs"
        case .robustness: "whether small changes of the picture leave the map alone"
        case .randomisation: "whether the map depends on what the model learnt"
        case .agreement: "whether methods agree with each other"
        case .similarity: "how alike two maps are"
        }
    }

    /// The table of all, by family, with links to their pages.
    public static func index(_ measures: [MeasureDescription]) -> String {
        var lines = [
            "# Metrics", "",
            "Made by `make documentation` from what the metrics say of themselves. [Beside other libraries](Agreement.md).",
            "",
        ]
        for family in MeasureDescription.Family.allCases {
            let members = measures.filter { $0.family == family }
            guard !members.isEmpty else { continue }
            let title = family.rawValue.prefix(1).uppercased() + family.rawValue.dropFirst()
            lines += ["## \(title): \(question(family))", "", "| name | what it measures | range |", "|---|---|---|"]
            lines += members.map { "| [\($0.name)](\($0.name).md) | \(cell($0.summary)) | \(cell($0.range)) |" }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    /// All pages by file name.
    public static func files(_ measures: [MeasureDescription]) -> [String: String] {
        var files = Dictionary(
            measures.map { ("\($0.name).md", markdown($0)) }, uniquingKeysWith: { first, _ in first })
        files["README.md"] = index(measures)
        return files
    }

    private static func cell(_ text: String) -> String {
        text.replacingOccurrences(of: "|", with: "\\|").replacingOccurrences(of: "\n", with: " ")
    }
}
