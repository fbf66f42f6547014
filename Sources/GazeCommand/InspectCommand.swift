import ArgumentParser
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

    @Flag(help: "JSON instead of tables.")
    var json = false

    func run() throws {
        try Console.report {
            let model = try Model(contentsOf: model, engine: ONNXRuntimeEngine())
            if graph {
                Console.put(model.graph.description)
                return
            }
            let inspection = ModelInspection(model)
            if json { try Console.putJSON(inspection) } else { show(inspection) }
        }
    }

    private func show(_ inspection: ModelInspection) {
        Console.put("Inputs")
        for line in inspection.inputs { Console.put("  \(line)") }
        Console.put("Outputs")
        for line in inspection.outputs { Console.put("  \(line)") }
        Console.put("Parameters  \(inspection.parameters)")
        Console.put("Operators")
        Console.put(Console.table(inspection.operators.map { ["", "\($0.count)", $0.name, $0.rule] }, right: [1]))
        if !inspection.layers.isEmpty {
            Console.put("Layers (for --layer)")
            let heading = ["", "name", "operator", "channels x height x width", "sees", "every", "tensor"]
            Console.put(
                Console.table(
                    [heading]
                        + inspection.layers.map { layer in
                            [
                                "", layer.name, layer.operation,
                                layer.shape.dropFirst().map(String.init).joined(separator: "x"),
                                layer.receptiveField.map { "\($0) px" } ?? "all", layer.stride.map { "\($0) px" } ?? "",
                                layer.tensor,
                            ]
                        }, right: [4, 5]))
        }
        if let layer = inspection.automaticLayer { Console.put("Automatic layer\n  \(layer)") }
        if let problem = inspection.problem { Console.put("Layers are not known\n  \(problem)") }
        Console.put("What can be explained")
        for line in inspection.families { Console.put("  \(line)") }
    }
}
