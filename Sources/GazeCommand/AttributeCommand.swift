import Archives
import ArgumentParser
import Foundation
import Gaze

/// `gaze attribute MODEL`: raw tensors in, raw tensors out.
struct AttributeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attribute", abstract: "Raw tensor in, raw tensor out: for programs and comparisons.",
        discussion: """
            No picture, no preprocessing, no display step. Every --method writes OUTPUT/LABEL.npy as float32.
            Targets: 3, [1,7,4], NAME[3], #1[3], mean(T), mean(T, mask.npy), sum(T), a - b, 0.5 * a, prob(3), logit(3), \
            dot(NAME, vector.npy), energy(NAME), error(NAME[, FILE.npy]), absolute-error(NAME[, FILE.npy]). NAME is an output \
            or a tensor inside of the model, in quotes where it has other signs than letters, digits and _.:/@$-: "a [b]"[3], "91".
            """)

    @Argument(help: "An ONNX file.", completion: .file(extensions: ["onnx"]))
    var model: String

    @Option(help: "[NAME=]FILE.npy, - for standard input; repeatable.", completion: .file(extensions: ["npy"]))
    var input: [String] = []

    // A target that begins with a minus is a target.
    @Option(parsing: .unconditional, help: "The number that is explained.")
    var target: String

    @Option(help: "[LABEL=]NAME[:key=value,…]; repeatable.")
    var method: [String]

    @Option(help: "An ONNX tensor or a layer that 'gaze inspect' prints.")
    var layer: String?

    @Option(help: "The input that is explained, in a model with several.")
    var wrt: String?

    @Option(help: "The folder for results.", completion: .directory)
    var output: String

    @Option(help: "Threads of the engine; all cores by default.")
    var threads: Int?

    @OptionGroup(title: "Budget")
    var budget: RunOptions

    func validate() throws {
        try ModelOptions.validate(threads: threads)
        let specifications = try Console.options { try parsedMethods() }
        guard Set(specifications.map(\.label)).count == specifications.count else {
            throw ValidationError("Two methods have one label; put a label and '=' in front of one.")
        }
        _ = try Console.options { try Target(parsing: target) }
        guard input.filter({ $0 == "-" || $0.hasSuffix("=-") }).count < 2 else {
            throw ValidationError("Only one --input can be '-', standard input.")
        }
    }

    private func parsedMethods() throws -> [MethodSpecification] {
        try method.map {
            let specification = try MethodSpecification(parsing: $0)
            _ = try MethodCatalogue.description(named: specification.name)
            return specification
        }
    }

    func run() throws {
        let inputs = InputFiles()
        try Console.report(inputs: inputs) {
            let specifications = try parsedMethods()
            let folder = OutputFolder(output)
            let names = specifications.map { "\($0.label).npy" }
            inputs.add(model: self.model)
            inputs.add(input.flatMap { [$0, $0.split(separator: "=", maxSplits: 1).last.map(String.init)] })
            try folder.check(names)
            let model = try Model(
                contentsOf: model, engine: Interruption.engine(threads: threads, memory: budget.memoryBound))
            var failures = 0
            let results = try Attributor(model).attribute(
                inputs: try readInputs(of: model), target: Target(parsing: target), targetText: target,
                methods: specifications, layer: layer, wrt: wrt, settings: budget.settings()
            ) { method, error in
                failures += 1
                Console.say("gaze: \(method.label): \(Console.sentence(error))")
            }
            for note in Set(results.flatMap(\.notes)).sorted() { Console.say("warning: \(note)") }
            try folder.together(names) {
                for result in results {
                    try Numpy.write(AnyTensor(result.values), path: folder.file("\(result.method.label).npy"))
                }
            }
            if Interruption.happened { throw Interruption.exitCode }
            if failures > 0 { throw ExitCode(1) }
        }
    }

    /// `NAME=FILE` where NAME is an input, else FILE for the next input without one.
    private func readInputs(of model: Model) throws -> [String: AnyTensor] {
        let names = model.inputs.map(\.name)
        var tensors: [String: AnyTensor] = [:]
        var unnamed: [String] = []
        for argument in input {
            if let name = names.first(where: { argument.hasPrefix($0 + "=") }) {
                tensors[name] = try read(String(argument.dropFirst(name.count + 1)))
            } else {
                unnamed.append(argument)
            }
        }
        let open = names.filter { tensors[$0] == nil }
        guard unnamed.count <= open.count else {
            throw GraphError.unknownInput(name: unnamed[open.count], known: names)
        }
        for (name, path) in zip(open, unnamed) { tensors[name] = try read(path) }
        return tensors
    }

    private func read(_ path: String) throws -> AnyTensor {
        guard path == "-" else { return try Numpy.read(path: path) }
        return try Numpy.decode(StandardInput.contents(within: budget.memoryBound), name: "standard input")
    }
}
