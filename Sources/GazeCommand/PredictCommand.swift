import ArgumentParser
import Foundation
import Gaze

/// `gaze predict MODEL IMAGE…`
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "What the model says about pictures: classes, detections, areas, values.")

    @Argument(help: "An ONNX file.", completion: .file(extensions: ["onnx"]))
    var model: String

    @Argument(
        help: "Photographs: JPEG, PNG, WebP, TIFF, or arrays (.npy, .npz); - is standard input.", completion: .file())
    var images: [String]

    @Option(name: .shortAndLong, help: "How many lines.")
    var k = 5

    @OptionGroup(title: "Preprocessing")
    var options: ModelOptions

    @OptionGroup(title: "Budget")
    var memory: MemoryOption

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
            let probability: Double?
            @FiniteNumber var score: Double?
            let scoreProblem: String?
            let area: Double?
            let box: PictureBox?
            let candidate: Int?
        }
        let image: String
        let head: HeadDescription
        let top: [Entry]
    }

    func run() throws {
        try Console.report {
            let explainer = try options.explainer(for: model, memory: memory.bound)
            var rows: [Row] = []
            defer { if json { try? Console.putJSON(rows) } }
            var said: String?
            let failed = try Console.forEach(images) { path in
                let (head, predictions, problem) = try explainer.read(Console.picture(path, for: explainer))
                if let note = try explainer.labels(for: head).note, note != said {
                    Console.say("note: \(note)")
                    said = note
                }
                let top = Array(predictions.prefix(k))
                if json {
                    rows.append(
                        Row(
                            image: path, head: head,
                            top: top.map {
                                Row.Entry(
                                    index: $0.index, class: $0.name, probability: $0.probability, score: $0.score,
                                    scoreProblem: FiniteNumber.problem($0.score),
                                    area: $0.area, box: $0.box, candidate: $0.candidate)
                            }))
                } else {
                    Console.put("\(path): \(head.kind.rawValue), \(head.reason)")
                    Console.putLines(PredictionTable.text(top, head: head))
                }
                if let problem { throw problem }
            }
            try Console.end(failed: failed, of: images.count)
        }
    }
}
