package import Evaluation
import Explanations
import Foundation

/// Writes what a sanity check measured into a folder.
public struct SanityFiles: Sendable {
    /// Where files go; it is made.
    public let folder: String

    /// Files in a folder.
    public init(folder: String) {
        self.folder = folder
    }

    /// Makes the folder; fails before any work is done where it cannot be written.
    public func makeFolder() throws(ReportError) { try ExplanationFiles(folder: folder).makeFolder() }

    /// Writes the report (`check.json`) and every comparison (`check.csv`) and returns their paths.
    package func write(_ report: SanityReport, _ measurements: SanityMeasurements) throws -> [String] {
        try makeFolder()
        return [
            try write(ExplanationRecord.json(report), to: "check.json"),
            try write(Data(Self.table(measurements).utf8), to: "check.csv"),
        ]
    }

    private func write(_ data: Data, to name: String) throws(ReportError) -> String {
        let path = "\(folder)/\(name)"
        do { try data.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw .unwritable(path: path, reason: WritingProblem.words(for: error))
        }
        return path
    }

    /// One comparison a line.
    static func table(_ measurements: SanityMeasurements) -> String {
        var lines = ["method,picture,seed,step,block,depth,similarity,value"]
        for comparison in measurements.comparisons {
            let block = measurements.blocks[comparison.step]
            for (similarity, value) in zip(measurements.similarities, comparison.similarities) {
                guard let value else { continue }
                let cells = [
                    measurements.methods[comparison.method].label, measurements.pictures[comparison.picture],
                    "\(comparison.seed)", "\(comparison.step)", block.name, "\(block.depth)", similarity.name, "\(value)",
                ]
                lines.append(cells.map { quoted($0) }.joined(separator: ","))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}
