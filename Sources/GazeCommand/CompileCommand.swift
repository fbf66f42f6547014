import Archives
import ArgumentParser
import Foundation
import Gaze

/// `gaze compile MODEL --method M -o OUT.onnx`: an explanation as one ONNX file.
struct CompileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile", abstract: "Writes a model with its explanation as one standard ONNX file.",
        discussion: """
            Inputs are the model's own; outputs are the model's own, 'map' (raw: signed, not normalised), 'score', and \
            'target' where the class is found inside. The file is for inputs of one shape, needs nothing but an ONNX \
            engine, and is compared with 'gaze attribute' on random inputs before it is kept.
            """)

    @Argument(help: "An ONNX file.", completion: .file(extensions: ["onnx"]))
    var model: String

    @Option(help: "NAME[:key=value,…]; 'gaze methods' lists all.")
    var method: String

    // A target that begins with a minus is a target.
    @Option(
        parsing: .unconditional,
        help:
            "top1: the highest class, found inside; input: a class for every sample, given as the input 'target'; or a target as in 'gaze attribute'."
    )
    var target = "top1"

    @Option(help: "An ONNX tensor or a layer that 'gaze inspect' prints.")
    var layer: String?

    @Option(help: "The input that is explained, in a model with several.")
    var wrt: String?

    @Option(help: "How many samples the file takes at once; what the model takes by default, else 1.")
    var batch: Int?

    @Option(help: "NAME=1x3x224x224: the shape of an input that leaves lengths open; repeatable.")
    var shape: [String] = []

    @Option(name: .shortAndLong, help: "The file that is written; MODEL-METHOD.onnx in this folder by default.")
    var output: String?

    @Option(help: "Threads of the engine; all cores by default.")
    var threads: Int?

    @OptionGroup(title: "Budget")
    var budget: RunOptions

    @Flag(help: "JSON instead of text.")
    var json = false

    func validate() throws {
        try ModelOptions.validate(threads: threads)
        _ = try Console.options { try MethodSpecification(parsing: method) }
        _ = try Console.options { try MethodCatalogue.description(named: MethodSpecification(parsing: method).name) }
        _ = try Console.options { try CompilationTarget(parsing: target) }
        _ = try givenShapes()
        if let batch, !(1...4096).contains(batch) {
            throw ValidationError("--batch takes a number from 1 to 4096; got \(batch).")
        }
    }

    /// `NAME=1x3x224x224` as lengths by name.
    private func givenShapes() throws -> [String: Shape] {
        try shape.reduce(into: [:]) { shapes, text in
            guard let equals = text.lastIndex(of: "="), equals > text.startIndex else {
                throw ValidationError("--shape takes NAME=1x3x224x224; got '\(text)'.")
            }
            let lengths = text[text.index(after: equals)...].split(separator: "x", omittingEmptySubsequences: false)
                .map { Int($0) }
            guard lengths.allSatisfy({ $0.map { (1...1 << 20).contains($0) } ?? false }) else {
                throw ValidationError("--shape takes lengths from 1 to 1048576, as in NAME=1x3x224x224; got '\(text)'.")
            }
            shapes[String(text[..<equals])] = Shape(lengths.compactMap { $0 })
        }
    }

    func run() throws {
        let inputs = InputFiles()
        try Console.report(inputs: inputs) {
            let specification = try MethodSpecification(parsing: method)
            let stem = URL(fileURLWithPath: model).deletingPathExtension().lastPathComponent
            let path = output ?? "\(stem)-\(specification.label).onnx"
            inputs.add(model: model)
            inputs.add([Sidecar.path(forModel: model)])
            try checkOutput(path)
            let source = try Model(
                contentsOf: model, engine: Interruption.engine(threads: threads, memory: budget.memoryBound))
            let compiler = ExplanationFileCompiler(source, version: GazeVersion.text)
            let record = try compiler.write(
                method: specification, target: CompilationTarget(parsing: target), layer: layer, wrt: wrt,
                batch: batch, shapes: givenShapes(), settings: budget.settings(), to: path)
            if json { try Console.putJSON(record) } else { show(record) }
        }
    }

    private func checkOutput(_ path: String) throws {
        do { try WholeFile.target(of: path) } catch {
            throw GazeError.unwritable(path: path, reason: error.writingReason)
        }
    }

    private func show(_ record: CompilationRecord) {
        for note in record.notes { Console.say("note: \(note)") }
        func ports(_ ports: [CompiledExplanation.Port]) -> [[String]] {
            ports.map { ["  ", $0.name, "\($0.type)[\($0.shape.map(String.init).joined(separator: ", "))]"] }
        }
        Console.put("\(record.file)  \(record.bytes) bytes", limit: Console.longestPath)
        Console.put(record.text)
        Console.putLines("Inputs\n" + Console.table(ports(record.inputs)))
        Console.putLines("Outputs\n" + Console.table(ports(record.outputs)))
        Console.put(
            String(
                format:
                    "Checked against 'gaze attribute' on a random input: maps differ by %.1e of the largest value, scores by %.1e",
                record.check.map, record.check.score))
        Console.putLines("Python\n" + record.snippet.map { "  \($0)" }.joined(separator: "\n"))
    }
}
