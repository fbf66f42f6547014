import Archives
public import Explanations
import Foundation
import Graphs
import ONNXFormat
import Reports
import Runtime
public import Tensors

/// Writes explanations of a model as ONNX files.
public struct ExplanationFileCompiler: Sendable {
    private let model: Model
    private let attributor: Attributor
    private let version: String

    /// A compiler for a model; `version` is written into the files.
    public init(_ model: Model, version: String) {
        self.model = model
        // A file is for one run: its batch is what was asked for, not what suits many runs.
        attributor = Attributor(model, largestBatch: 4096)
        self.version = version
    }

    /// Writes an explanation, after comparing it with `attribute` on random inputs.
    ///
    /// - Parameters:
    ///   - batch: How many samples the file takes; what the model declares by default, else 1.
    ///   - shapes: Shapes of inputs that leave lengths open.
    ///   - path: The file; it is replaced at once when the new one is complete, and never is it the model itself.
    /// - Throws: `GazeError.compilation` where the file differs from `attribute`; nothing is written then.
    @discardableResult
    public func write(
        method: MethodSpecification, target: CompilationTarget = .top, layer: String? = nil, wrt input: String? = nil,
        batch: Int? = nil, shapes: [String: Shape] = [:], settings: RunSettings = RunSettings(), to path: String
    ) throws -> CompilationRecord {
        let inputs = InputFiles.ofRun ?? InputFiles()
        for file in (try? ONNXFile.files(of: model.path)) ?? [model.path] {
            inputs.add(file, as: "the model that is explained")
        }
        return try InputFiles.$ofRun.withValue(inputs) {
            do throws(ArchiveError) { try WholeFile.target(of: path) } catch {
                throw GazeError.unwritable(path: path, reason: error.writingReason)
            }
            return try writeChecked(
                method: method, target: target, layer: layer, wrt: input, batch: batch, shapes: shapes,
                settings: settings, to: path)
        }
    }

    private func writeChecked(
        method: MethodSpecification, target: CompilationTarget, layer: String?, wrt input: String?, batch: Int?,
        shapes: [String: Shape], settings: RunSettings, to path: String
    ) throws -> CompilationRecord {
        var settings = settings
        // Only what somebody wrote down: a guess has no place in a file that others trust.
        settings.space = try settings.space ?? Sidecar.read(forModel: model.path)?.preprocessing?.space
        let request = CompilationRequest(
            method: method, target: target, layer: layer, explained: input,
            shapes: try self.shapes(batch: batch, given: shapes), settings: settings)
        let compiled = try attributor.compile(request)
        let metadata = try compiled.metadata(model: model.path, version: version)
        let bytes = try compiled.serialized(metadata: metadata, version: version)
        let check = try attributor.check(compiled, bytes: bytes)
        guard check.passed else {
            throw GazeError.compilation(method: method.name, difference: max(check.map, check.score))
        }
        do { try WholeFile.write(bytes, to: path) } catch {
            throw GazeError.unwritable(path: path, reason: error.writingReason)
        }
        return CompilationRecord(compiled, file: path, bytes: bytes.count, metadata: metadata, check: check)
    }

    /// A shape for every input: given, declared, or one sample of a usual size.
    private func shapes(batch: Int?, given: [String: Shape]) throws -> [String: Shape] {
        let names = model.inputs.map(\.name)
        if let unknown = given.keys.sorted().first(where: { !names.contains($0) }) {
            throw GraphError.unknownInput(name: unknown, known: names)
        }
        var shapes = given
        for port in model.inputs where shapes[port.name] == nil {
            let declared = port.dimensions.map(\.length)
            let open = declared.dropFirst().contains { $0 == nil }
            if port.dimensions.isEmpty || open {
                guard let input = try? PictureInput(of: model, attributor: attributor), input.problem == nil else {
                    throw GazeError.openShape(
                        input: port.name, declared: port.dimensions.map(\.description).joined(separator: ", "))
                }
                shapes[port.name] = input.shape
            } else {
                shapes[port.name] = Shape(declared.map { $0 ?? 1 })
            }
        }
        guard let batch else { return shapes }
        // Inputs that declare one row beside others that hold samples are shared by all samples.
        let free = model.inputs.filter { $0.dimensions.first.map { $0.length == nil } ?? false }.map(\.name)
        for (name, shape) in shapes where shape.rank > 0 && given[name] == nil && (free.isEmpty || free.contains(name))
        {
            shapes[name] = Shape([batch] + shape.dimensions.dropFirst())
        }
        return shapes
    }
}

/// What was written, for people and programs.
public struct CompilationRecord: Sendable, Codable {
    /// The file.
    public let file: String
    /// Its size.
    public let bytes: Int
    /// What it is, in a paragraph.
    public let text: String
    /// The method's name.
    public let method: String
    /// All its parameters.
    public let parameters: [String: String]
    /// The score, as it was asked for.
    public let target: String
    /// What has to be given.
    public let inputs: [CompiledExplanation.Port]
    /// What comes out.
    public let outputs: [CompiledExplanation.Port]
    /// What the file says about itself.
    public let metadata: [String: String]
    /// The comparison with `attribute`.
    public let check: CompilationCheck
    /// What a user should know.
    public let notes: [String]
    /// How Python runs it.
    public let snippet: [String]

    init(
        _ compiled: CompiledExplanation, file: String, bytes: Int, metadata: [String: String], check: CompilationCheck
    ) {
        self.file = file
        self.bytes = bytes
        self.metadata = metadata
        self.check = check
        text = compiled.text
        method = compiled.request.method.name
        parameters = compiled.parameters
        target = compiled.request.target.text
        inputs = compiled.inputs
        outputs = compiled.outputs
        notes = compiled.notes
        let feed = compiled.inputs.map { "'\($0.name)': \($0.name.filter { $0.isLetter || $0.isNumber })" }
        snippet = [
            "import onnxruntime",
            "session = onnxruntime.InferenceSession('\(file)')",
            "results = session.run(['\(compiled.names.map)', '\(compiled.names.score)'], {\(feed.joined(separator: ", "))})",
            "print(results[0].shape, results[1])",
        ]
    }
}
