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
    public func makeFolder() throws(ReportError) {
        try OutputFolder(folder).make()
        let curves = SimilarityCatalogue.descriptions.map { "check.\($0.name).png" }
        try OutputFolder(folder).check(["check.json", "check.csv", "check.png"] + curves)
    }

    /// Writes the report (`check.json`), every comparison (`check.csv`), the maps of the first picture (`check.png`) and a plot of the
    /// curves for every similarity (`check.SIMILARITY.png`), and returns their paths.
    package func write(
        _ report: SanityReport, _ measurements: SanityMeasurements, photograph: Picture?
    ) throws -> [String] {
        let target = OutputFolder(folder)
        let texts = [
            ("check.json", try ExplanationRecord.json(report)), ("check.csv", Data(Self.table(measurements).utf8)),
        ]
        var pictures: [(name: String, picture: Picture)] = []
        if !measurements.comparisons.isEmpty {
            let figure = SanityFigure(report, measurements, photograph: photograph)
            pictures = [("check.png", try figure.grid())]
            pictures += try figure.curves().map { ("check.\($0.name).png", $0.picture) }
        }
        let names = texts.map(\.0) + pictures.map(\.name)
        return try target.together(names) {
            for (name, data) in texts { try target.write(data, to: name) }
            for (name, picture) in pictures { try picture.write(to: target.file(name)) }
            return names.map(target.file)
        }
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
