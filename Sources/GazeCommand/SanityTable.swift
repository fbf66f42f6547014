import Foundation
import Gaze

/// A sanity check in words.
enum SanityTable {
    static func text(_ report: SanityReport) -> String {
        var rows = [
            [
                "", "method", "randomised", "other", "signed", "other", "Sobel", "other", "picture", "other",
                "complexity",
            ]
        ]
        for method in report.methods {
            let numbers = method.numbers
            rows.append(
                [method.verdict.rawValue, method.label]
                    + [
                        numbers?.randomised, numbers?.floor, numbers?.randomisedDiverging, numbers?.floorDiverging,
                        numbers?.edges, numbers?.floorEdges, numbers?.values, numbers?.floorValues,
                    ].map { $0.map { SanityNumbers.text($0) } ?? "-" }
                    + [method.complexityRise.map { String(format: "%+.0f %%", $0.mean * 100) } ?? "-"])
        }
        var lines = [head(report), Console.table(rows, right: Set(2...10)), ""]
        if let parts = parts(report) { lines += [parts, ""] }
        lines += report.methods.map { "\($0.verdict.rawValue)  \($0.sentence)." }
        for method in report.methods {
            for curve in method.curves {
                guard let labels = curve.labels else { continue }
                let floor = curve.floor.map { " (different pictures: \(SanityNumbers.text($0.mean)))" } ?? ""
                lines.append(
                    "\(method.label): \(SanityNumbers.text(labels.mean)) like the map of the model with permuted labels by \(curve.similarity)\(floor)."
                )
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The parts that decide, with their intervals; nil where there are none.
    private static func parts(_ report: SanityReport) -> String? {
        guard let unit = report.methods.compactMap(\.intervals).first.map({ "\($0.count) \($0.unit)" }) else {
            return nil
        }
        func text(_ part: SanityIntervals.Part) -> String {
            "\(SanityNumbers.text(part.value)) (\(SanityNumbers.text(part.low)) to \(SanityNumbers.text(part.high)))"
        }
        let rows = report.methods.compactMap { method in
            method.intervals.map { intervals in
                [method.label] + [intervals.diverging, intervals.absolute, intervals.edges, intervals.values].map(text)
            }
        }
        let limits = [
            "limit", "\(SanityNumbers.some), \(SanityNumbers.most)", "\(SanityNumbers.most)", "\(SanityNumbers.some)",
            "\(SanityNumbers.some)",
        ]
        return "Parts above the floor of different pictures, 95 % intervals over \(unit):\n"
            + Console.table(
                [["", "signed kept", "strong kept", "edges", "picture"]] + rows + [limits], right: Set(1...4))
    }

    /// What was compared, and how.
    private static func head(_ report: SanityReport) -> String {
        let upper = report.blocks.filter { $0.depth <= 0.5 + 1e-9 }
        let parameters = report.methods.compactMap { method -> String? in
            let given = ["samples", "steps"].compactMap { key in method.parameters[key].map { "\(key)=\($0)" } }
            return given.isEmpty ? nil : "\(method.label) \(given.joined(separator: ","))"
        }
        return """
            \(report.pictures.count) picture\(report.pictures.count == 1 ? "" : "s"), \(report.blocks.count) blocks of layers, \(report.mode), target \(report.target), initialiser \(report.initialiser), \(report.seeds) seed\(report.seeds == 1 ? "" : "s")\(parameters.isEmpty ? "" : "; " + parameters.joined(separator: "; "))
            Spearman's rank correlation of the model's map with the randomised model's (mean over the steps down to \(upper.last?.name ?? report.blocks.first?.name ?? "")),
            with edges, with the magnitude of the picture's numbers; other: the same of different pictures; complexity: its rise when all is random
            """
    }
}
