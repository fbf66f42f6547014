public import Evaluation
import Foundation

/// Writes an evaluation into a folder: a line a picture and method while it runs, tables at the end.
///
/// `results.jsonl` and `summary.csv` hold nothing that differs between two runs of the same question; times stand in
/// `times.csv`.
public final class EvaluationFiles {
    /// Where the files go.
    public let folder: String
    private let partial: FileHandle

    private var partialPath: String { folder + "/results.jsonl.partial" }

    /// Makes the folder; fails before any work is done where it cannot be written.
    public init(folder: String) throws(ReportError) {
        self.folder = folder
        try ExplanationFiles(folder: folder).makeFolder()
        let path = folder + "/results.jsonl.partial"
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw .unwritable(path: path, reason: "the system refuses to make it") }
        partial = handle
    }

    /// Adds lines to `results.jsonl`, which has its name from `finish` on.
    public func add(_ records: [EvaluationRecord]) throws(ReportError) {
        do {
            for record in records { try partial.write(contentsOf: record.line() + Data("\n".utf8)) }
        } catch {
            throw .unwritable(path: partialPath, reason: WritingProblem.words(for: error))
        }
    }

    /// Removes the lines; for a run that never began.
    public func discard() {
        try? partial.close()
        try? FileManager.default.removeItem(atPath: partialPath)
    }

    /// Puts the lines in place and writes the tables; returns the paths.
    ///
    /// - Parameters:
    ///   - heading: What was evaluated, for people.
    ///   - remarks: What a reader should know, one sentence each.
    ///   - advice: Which method to use; `advice.json`, and above the table of `summary.md`.
    @discardableResult
    public func finish(
        _ summary: EvaluationSummary, heading: String, remarks: [String], advice: EvaluationAdvice? = nil
    ) throws(ReportError) -> [String] {
        let results = folder + "/results.jsonl"
        do {
            try partial.close()
            // The lines get their name at once, so that nobody finds half of them.
            let lines = try Data(contentsOf: URL(fileURLWithPath: partialPath), options: .mappedIfSafe)
            try lines.write(to: URL(fileURLWithPath: results), options: .atomic)
            try FileManager.default.removeItem(atPath: partialPath)
        } catch {
            throw .unwritable(path: results, reason: WritingProblem.words(for: error))
        }
        var files = [
            ("summary.csv", Self.csv(summary.rows)), ("times.csv", Self.csv(summary.times)),
            ("summary.md", Self.markdown(summary, heading: heading, remarks: remarks, advice: advice)),
        ]
        if let advice {
            do {
                let json = try ExplanationRecord.json(advice)
                files.append(("advice.json", String(decoding: json, as: UTF8.self) + "\n"))
            } catch {
                throw .unwritable(path: "\(folder)/advice.json", reason: WritingProblem.words(for: error))
            }
        }
        for (name, text) in files {
            do {
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"), options: .atomic)
            } catch {
                throw .unwritable(path: "\(folder)/\(name)", reason: WritingProblem.words(for: error))
            }
        }
        return [results] + files.map { "\(folder)/\($0.0)" }
    }

    private static func csv(_ rows: [EvaluationSummary.Row]) -> String {
        let lines = rows.map { row in
            [
                quoted(row.metric), quoted(row.method), "\(row.value)", row.low.map { "\($0)" } ?? "",
                row.high.map { "\($0)" } ?? "", "\(row.count)", row.better, "\(row.isReference)",
            ].joined(separator: ",")
        }
        return (["metric,method,value,low,high,count,better,reference"] + lines).joined(separator: "\n") + "\n"
    }

    private static func quoted(_ text: String) -> String {
        text.contains { ",\"\n".contains($0) } ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" : text
    }

    private static func markdown(
        _ summary: EvaluationSummary, heading: String, remarks: [String], advice: EvaluationAdvice?
    ) -> String {
        let cells = summary.cells { row in
            guard row.metric != EvaluationSummary.seconds, let low = row.low, let high = row.high else { return "" }
            return " (\(EvaluationSummary.text(low)) to \(EvaluationSummary.text(high)))"
        }
        func line(_ cells: [String]) -> String {
            "| \(cells.map { $0.replacingOccurrences(of: "|", with: "\\|") }.joined(separator: " | ")) |"
        }
        let rule = "|---|" + String(repeating: "---:|", count: max((cells.first?.count ?? 1) - 1, 0))
        let table = [line(cells.first ?? []), rule] + cells.dropFirst().map(line)
        let notes =
            [
                "In brackets the 95 % bootstrap interval over pictures; methods in brackets are trivial references. Seconds are the median of one map."
            ] + remarks
        var advised: [String] = []
        if let advice {
            let cells = AdviceTable.cells(advice)
            let numbers = String(repeating: "---:|", count: max((cells.first?.count ?? 3) - 3, 0))
            advised = ["", advice.sentence, "", line(cells.first ?? []), "|---:|---|---|" + numbers]
            advised += cells.dropFirst().map(line)
        }
        return ([heading] + advised + [""] + table + [""] + notes.map { "- \($0)" }).joined(separator: "\n") + "\n"
    }
}
