import ArgumentParser
import Foundation
import Gaze

/// `gaze inspect MODEL`
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "A model's inputs, outputs, operators and layers; what can be explained, and why not.")

    @Argument(help: "An ONNX file.", completion: .file(extensions: ["onnx"]))
    var model: String

    @Flag(help: "Every node as text instead of the tables.")
    var graph = false

    @OptionGroup(title: "Budget")
    var memory: MemoryOption

    @Flag(help: "JSON instead of tables.")
    var json = false

    func run() throws {
        try Console.report {
            let engine = try Interruption.engine(memory: memory.bound)
            if graph {
                Console.putLines(try Model(contentsOf: model, engine: engine).graph.description)
                return
            }
            let inspection = try ModelInspection(contentsOf: model, engine: engine)
            try Interruption.check()
            if json { try Console.putJSON(inspection) } else { show(inspection) }
        }
    }

    private func show(_ inspection: ModelInspection) {
        let file = inspection.file
        Console.put("File")
        Console.put(
            "  operators of \(file.operatorSets.joined(separator: ", ")); file format \(file.irVersion)"
                + (file.producer.isEmpty ? "" : "; written by \(file.producer)"))
        if !file.localFunctions.isEmpty {
            Console.put("  functions of its own: \(file.localFunctions.joined(separator: ", "))")
        }
        list("Inputs", inspection.inputs)
        list("Outputs", inspection.outputs)
        if let head = inspection.head {
            let guess = head.isGuess ? "; that is a guess\(head.question.map { ": \($0)" } ?? "")" : ""
            list("Head", ["\(head.kind.rawValue): \(head.reason)\(guess)"])
        }
        Console.put("Parameters  \(inspection.parameters)")
        Console.put("Operators")
        Console.putLines(Console.table(inspection.operators.map { ["", "\($0.count)", $0.name, $0.rule] }, right: [1]))
        if !inspection.layers.isEmpty { show(inspection.layers) }
        if !inspection.automaticLayers.isEmpty {
            list(
                "Automatic layer, by the input that is explained (--wrt)",
                inspection.automaticLayers.map { "\($0.input): \($0.name): \($0.reason)" })
        } else if let layer = inspection.automaticLayer {
            list("Automatic layer", [layer])
        }
        if inspection.candidates.count > 1 {
            list(
                "Tried by 'gaze explain' on a picture",
                inspection.candidates.prefix(LayerTrial.candidateLimit).map { "\($0.name): \($0.reason)" })
        }
        if !inspection.notes.isEmpty { list("Notes", inspection.notes) }
        if !inspection.problems.isEmpty { list("Problems", inspection.problems) }
        if !inspection.families.isEmpty {
            list(
                "What can be explained",
                inspection.families.map { family in
                    "\(family.methods): \(family.isPossible ? "yes" : "no")" + (family.remark.map { ", \($0)" } ?? "")
                })
        }
    }

    private func list(_ heading: String, _ lines: [String]) {
        Console.put(heading)
        for line in lines { Console.put("  \(line)") }
    }

    private func show(_ layers: [LayerEntry]) {
        Console.put("Layers (for --layer)")
        // Which inputs reach a layer is worth a column where they differ, or there are several.
        let hasBranches = Set(layers.flatMap(\.inputs)).count > 1
        let heading =
            [
                "", "name", "operator", "channels x height x width", "sees", "every", "first centre", "parameters",
                "tensor",
            ] + (hasBranches ? ["reached by"] : [])
        let rows = layers.map { layer -> [String] in
            let shape = layer.map.map(String.init).joined(separator: "x")
            let sees = layer.receptiveField.map { "\($0) px" } ?? "all"
            let stride = layer.stride.map { String(format: "%g px", $0) } ?? ""
            let centre = layer.firstCentre.map { String(format: "%g px", $0) } ?? ""
            return ["", layer.name, layer.operation, shape, sees, stride, centre, "\(layer.parameters)", layer.tensor]
                + (hasBranches ? [layer.inputs.joined(separator: ", ")] : [])
        }
        Console.putLines(Console.table([heading] + rows, right: [4, 5, 6, 7]))
    }
}
