import Archives
public import Evaluation
import Foundation

/// Writes an evaluation into a folder: a line a picture and method while it runs, tables at the end.
///
/// `results.jsonl` and `summary.csv` hold nothing that differs between two runs of the same question; times stand in
/// `times.csv`.
public final class EvaluationFiles {
    /// Where the files go.
    public let folder: String
    private let lines: GrowingFile
    private static let tables = ["summary.csv", "times.csv", "summary.md", "advice.json"]

    /// Makes the folder; fails before any work is done where it cannot be written, or another run has it.
    public init(folder: String) throws(ReportError) {
        self.folder = folder
        try OutputFolder(folder).make()
        try OutputFolder(folder).check(Self.tables)
        let path = OutputFolder(folder).file("results.jsonl")
        do { lines = try GrowingFile(path: path) } catch {
            if case .busy = error { throw .busy(folder: folder) }
            throw .unwritable(path: path, reason: error.writingReason)
        }
    }

    /// Adds lines to `results.jsonl`, which has its name from `finish` on.
    public func add(_ records: [EvaluationRecord]) throws(ReportError) {
        do {
            for record in records { try lines.add(record.line() + Data("\n".utf8)) }
        } catch {
            throw .unwritable(path: "\(folder)/results.jsonl", reason: SystemReason.words(for: error))
        }
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
        var files = [
            ("summary.csv", Self.csv(summary.rows)), ("times.csv", Self.csv(summary.times)),
            ("summary.md", Self.markdown(summary, heading: heading, remarks: remarks, advice: advice)),
        ]
        if let advice {
            do {
                let json = try ExplanationRecord.json(advice)
                files.append(("advice.json", String(decoding: json, as: UTF8.self) + "\n"))
            } catch {
                throw .unwritable(path: "\(folder)/advice.json", reason: SystemReason.words(for: error))
            }
        }
        let target = OutputFolder(folder)
        for (name, text) in files { try target.write(Data(text.utf8), to: name) }
        // The lines get their name at once and last: from then on another run may begin.
        do { try lines.publish() } catch {
            throw .unwritable(path: target.file("results.jsonl"), reason: error.writingReason)
        }
        return [target.file("results.jsonl")] + files.map { target.file($0.0) }
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
