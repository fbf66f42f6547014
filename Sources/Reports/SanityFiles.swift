package import Evaluation
import Explanations
import Foundation
package import Imaging

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

    /// Writes the report (`check.json`), every comparison (`check.csv`), the maps of the first picture (`check.png`) and a plot of the
    /// curves for every similarity (`check.SIMILARITY.png`), and returns their paths.
    package func write(
        _ report: SanityReport, _ measurements: SanityMeasurements, photograph: Picture?
    ) throws -> [String] {
        try makeFolder()
        var paths = [
            try write(ExplanationRecord.json(report), to: "check.json"),
            try write(Data(Self.table(measurements).utf8), to: "check.csv"),
        ]
        guard !measurements.comparisons.isEmpty else { return paths }
        let figure = SanityFigure(report, measurements, photograph: photograph)
        let pictures =
            [("check.png", try figure.grid())] + (try figure.curves().map { ("check.\($0.name).png", $0.picture) })
        for (name, picture) in pictures {
            try picture.write(to: "\(folder)/\(name)")
            paths.append("\(folder)/\(name)")
        }
        return paths
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
                    "\(comparison.seed)", "\(comparison.step)", block.name, "\(block.depth)", similarity.name,
                    "\(value)",
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
