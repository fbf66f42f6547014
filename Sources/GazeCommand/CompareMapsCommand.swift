import ArgumentParser
import Foundation
import Gaze

/// `gaze compare-maps A.npy B.npy --metric M`
struct CompareMapsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare-maps", abstract: "How alike two maps are: one number a similarity.",
        discussion: """
            Both files hold maps of one shape: [H, W], [C, H, W], [H, W, 3], or these behind an axis of length 1.

            Similarities, with their parameters and defaults:
            \(catalogue)
            """)

    @Argument(help: "A map, FILE.npy; - for standard input.", completion: .file(extensions: ["npy"]))
    var first: String

    @Argument(help: "Another map of the same shape.", completion: .file(extensions: ["npy"]))
    var second: String

    @Option(help: "A similarity, with parameters as NAME:key=value,…; repeatable.")
    var metric: [String]

    @Flag(help: "JSON instead of text.")
    var json = false

    /// What a similarity says of the two maps.
    private struct Row: Encodable {
        let metric: String
        let value: Double
    }

    /// Every similarity, its summary and its parameters.
    private static var catalogue: String {
        SimilarityCatalogue.descriptions.map { similarity in
            let parameters = similarity.parameters.map { "      \($0.name)=\($0.defaultValue)  \($0.meaning)" }
            return (["  \(similarity.name)  \(similarity.summary) (\(similarity.range))"] + parameters)
                .joined(separator: "\n")
        }.joined(separator: "\n")
    }

    func validate() throws {
        try Console.options { try SimilarityCatalogue.check(metric) }
        guard first != "-" || second != "-" else {
            throw ValidationError("Only one of the two maps can be '-', standard input.")
        }
    }

    func run() throws {
        try Console.report {
            let maps = try (read(first), read(second))
            let rows = try metric.map { text in
                Row(metric: text, value: try SimilarityCatalogue.similarity(of: maps.0, and: maps.1, by: text))
            }
            for (path, map) in [(first, maps.0), (second, maps.1)]
            where map.elements.allSatisfy({ $0 == map.elements.first }) {
                Console.say("note: \(path) is constant: correlations with it are 0, or 1 where both maps are constant.")
            }
            if json {
                if rows.count == 1 { try Console.putJSON(rows[0]) } else { try Console.putJSON(rows) }
            } else if rows.count == 1 {
                Console.put("\(rows[0].value)")
            } else {
                Console.putLines(Console.table(rows.map { [$0.metric, "\($0.value)"] }))
            }
        }
    }

    private func read(_ path: String) throws -> Tensor<Float> {
        guard path == "-" else { return try Numpy.read(path: path).floatTensor }
        return try Numpy.decode(StandardInput.contents(within: .ofMachine), name: "standard input").floatTensor
    }
}
