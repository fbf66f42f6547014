public import Tensors

/// What can be wrong with the engine, a model or what a model is given.
public enum RuntimeError: Error, Sendable, Hashable {
    /// No engine library was found in any of these places.
    case libraryNotFound(searched: [String])
    /// The environment variable `variable` names a place without an engine library.
    case noLibrary(at: String, variable: String)
    /// The file cannot be loaded as a library, in the system's words.
    case notALibrary(path: String, reason: String)
    /// The file is a library but not ONNX Runtime.
    case notAnEngine(path: String)
    /// The library does not offer the version of the interface that we need.
    case tooOld(path: String, version: String, oldest: String)
    /// The process has an engine with another number of threads.
    case threadCount(running: Int, requested: Int)
    /// A step of the engine failed, in its own words.
    case engine(operation: String, message: String, code: Int32)
    /// An input was not given.
    case missingInput(ValueDescription)
    /// A given input is none of the model's.
    case unknownInput(name: String, known: [String])
    /// An input has another type or shape than the model declares.
    case inputMismatch(expected: ValueDescription, type: ElementType, shape: Shape)
    /// An output that was asked for is none of the model's.
    case unknownOutput(name: String, known: [String])
    /// An input or output is no tensor of numbers.
    case unsupportedType(name: String, type: String)
    /// Values whose sizes an input's contents decide took more memory than they may.
    case outOfMemory(MemoryBudget)
    /// The run was told to stop.
    case cancelled
}

extension RuntimeError: CustomStringConvertible {
    /// What happened, where, and what to do next.
    public var description: String {
        switch self {
        case .libraryNotFound(let searched):
            """
            ONNX Runtime (libonnxruntime.so) was not found: run `make setup` in Gaze's folder, or set GAZE_ENGINE to \
            the library or its folder. Searched: \(searched.joined(separator: ", ")).
            """
        case .noLibrary(let path, let variable):
            "\(variable) names \(path), but there is no libonnxruntime.so; correct the variable or unset it."
        case .notALibrary(let path, let reason):
            "\(path) cannot be loaded as ONNX Runtime (\(reason)); run `make setup` again or set GAZE_ENGINE."
        case .notAnEngine(let path):
            "\(path) is a library but not ONNX Runtime; set GAZE_ENGINE to libonnxruntime.so."
        case .tooOld(let path, let version, let oldest):
            """
            ONNX Runtime \(version) at \(path) is too old, \(oldest) or newer is needed; run `make setup` or set \
            GAZE_ENGINE to a newer library.
            """
        case .threadCount(let running, let requested):
            """
            The engine of this process runs with \(running) threads, which cannot become \(requested); ask for \(running), \
            or for \(requested) when the first engine is opened.
            """
        case .engine(let operation, let message, let code):
            "ONNX Runtime could not \(operation): \(message.isEmpty ? "no reason was given" : EngineMessage.readable(message)) (code \(code))."
        case .missingInput(let input):
            "The model's input “\(input.name)” was not given; give a tensor \(input)."
        case .unknownInput(let name, let known):
            "The model has no input “\(name)”; its inputs are \(Self.list(known))."
        case .inputMismatch(let expected, let type, let shape):
            "The model's input “\(expected.name)” is \(expected), but \(type)\(shape) was given; convert or resize it."
        case .unknownOutput(let name, let known):
            "The model has no output “\(name)”; its outputs are \(Self.list(known))."
        case .unsupportedType(let name, let type):
            "The model's value “\(name)” is of type \(type), not a tensor of numbers; use another input or output."
        case .outOfMemory(let budget):
            "The model makes values as large as its input's contents say, and they take more than \(budget); give a smaller input, or more with --memory where the command has it."
        case .cancelled:
            "The run was cancelled."
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.map { "“\($0)”" }.joined(separator: ", ")
    }
}
