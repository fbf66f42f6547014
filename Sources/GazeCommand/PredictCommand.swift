import ArgumentParser
import Foundation
import Gaze

/// `gaze predict MODEL IMAGE…`
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "The highest classes of pictures.")

    @Argument(help: "An ONNX file.", completion: .file(extensions: ["onnx"]))
    var model: String

    @Argument(help: "Photographs: JPEG, PNG or WebP; - is standard input.", completion: .file())
    var images: [String]

    @Option(name: .shortAndLong, help: "How many classes.")
    var k = 5

    @OptionGroup(title: "Preprocessing")
    var options: ModelOptions

    @Flag(help: "JSON instead of a table.")
    var json = false

    func validate() throws {
        guard k > 0 else { throw ValidationError("-k takes a positive number; got \(k).") }
        try options.validate()
    }

    /// A picture with its classes.
    private struct Row: Encodable {
        struct Entry: Encodable {
            let index: Int
            let `class`: String
            let probability: Double
            let score: Double
        }
        let image: String
        let top: [Entry]
    }

    func run() throws {
        try Console.report {
            let explainer = try options.explainer(for: model)
            var rows: [Row] = []
            defer { if json { try? Console.putJSON(rows) } }
            try Console.forEach(images) { path in
                let top = try explainer.predict(Console.picture(path)).prefix(k)
                if json {
                    rows.append(
                        Row(
                            image: path,
                            top: top.map {
                                Row.Entry(index: $0.index, class: $0.name, probability: $0.probability, score: $0.score)
                            }))
                } else {
                    Console.put(path)
                    Console.put(PredictionTable.text(Array(top)))
                }
            }
        }
    }
}

/// Classes as lines for a person.
enum PredictionTable {
    static func text(_ predictions: [Prediction]) -> String {
        Console.table(
            predictions.map { prediction in
                [
                    "", String(format: "%.1f %%", prediction.probability * 100), prediction.name,
                    "(class \(prediction.index), score \(String(format: "%.4g", prediction.score)))",
                ]
            }, right: [1])
    }
}
