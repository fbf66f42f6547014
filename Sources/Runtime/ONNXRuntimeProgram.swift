import Tensors

import struct Foundation.Data

/// A session of ONNX Runtime; it keeps its environment and the weights that it shares alive.
@safe final class ONNXRuntimeProgram: Program {
    let inputs: [ValueDescription]
    let outputs: [ValueDescription]

    // In this order they are released: the session before what it points to.
    private let session: EngineHandle
    private let memoryLimit: MemoryBudget?
    private let weights: SharedWeights?
    private let inputsByName: [String: ValueDescription]
    private let outputsByName: [String: ValueDescription]
    private let names: EngineNames
    private let environment: EngineEnvironment
    private let engineCancellation: RunCancellation?

    init(
        _ model: Data, options: ProgramOptions, environment: EngineEnvironment, cancellation: RunCancellation? = nil
    ) throws {
        memoryLimit = options.memoryLimit
        let interface = environment.interface
        let settings = try Self.settings(options, interface: interface)
        let weights =
            options.initializers.isEmpty ? nil : try SharedWeights(options.initializers, environment: environment)
        try weights?.add(to: settings)
        session = try Self.stopping(cancellation, { Self.stopLoading(settings, interface: interface) }) {
            try unsafe interface.handle("load the model", releasedBy: interface.releaseSession) { out in
                unsafe model.withUnsafeBytes { bytes in
                    let start = unsafe bytes.baseAddress ?? UnsafeRawPointer(settings.pointer)
                    return unsafe interface.makeSession(environment.pointer, start, bytes.count, settings.pointer, out)
                }
            }
        }
        engineCancellation = cancellation
        self.weights = weights
        self.environment = environment
        let signature = SessionSignature(session: session, environment: environment)
        inputs = try unsafe signature.values(
            "an input", count: interface.inputCount, name: interface.inputName, type: interface.inputType)
        outputs = try unsafe signature.values(
            "an output", count: interface.outputCount, name: interface.outputName, type: interface.outputType)
        inputsByName = Dictionary(inputs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        outputsByName = Dictionary(outputs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        names = EngineNames((inputs + outputs).map(\.name))
    }

    func run(
        _ given: [String: AnyTensor], outputs requested: [String], cancellation: RunCancellation?
    ) throws -> [AnyTensor] {
        try check(given, requested)
        guard !requested.isEmpty else { return [] }
        let interface = environment.interface
        let tensors = inputs.compactMap { input in given[input.name].map { (input.name, $0) } }
        guard cancellation != nil || engineCancellation != nil else {
            return try run(tensors, requested, options: nil)
        }
        let options = try unsafe interface.handle(
            "make run options", releasedBy: interface.releaseRunOptions, interface.makeRunOptions)
        let stop: @Sendable () -> Void = {
            if let status = unsafe interface.setTerminate(options.pointer) { unsafe interface.releaseStatus(status) }
        }
        return try Self.stopping(engineCancellation, stop) {
            try Self.stopping(cancellation, stop) { try run(tensors, requested, options: options) }
        }
    }

    /// Runs `body`, which `cancellation` ends by `stop`; whatever the engine says then, the run was cancelled.
    private static func stopping<Result>(
        _ cancellation: RunCancellation?, _ stop: @escaping @Sendable () -> Void, _ body: () throws -> Result
    ) throws -> Result {
        guard let cancellation else { return try body() }
        return try cancellation.observing(stop: stop) {
            do {
                return try body()
            } catch  where cancellation.isCancelled {
                throw RuntimeError.cancelled
            }
        }
    }

    /// The engine looks between the steps of its preparation; libraries before 1.22 cannot be told.
    private static func stopLoading(_ settings: EngineHandle, interface: EngineInterface) {
        guard let setFlag = unsafe interface.setLoadCancellation else { return }
        if let status = unsafe setFlag(settings.pointer, true) { unsafe interface.releaseStatus(status) }
    }

    private func run(
        _ given: [(name: String, tensor: AnyTensor)], _ requested: [String], options: EngineHandle?
    ) throws -> [AnyTensor] {
        let interface = environment.interface
        return try withEngineValues(given.map(\.tensor)) { values in
            let inputNames = unsafe given.map { unsafe names[$0.name] }
            let outputNames = unsafe requested.map { unsafe names[$0] }
            let inputs = unsafe values.map { unsafe Optional($0.pointer) }
            var results = unsafe [OpaquePointer?](repeating: nil, count: requested.count)
            func compute() -> OpaquePointer? {
                unsafe interface.run(
                    session.pointer, options?.pointer, inputNames, inputs, inputs.count, outputNames,
                    outputNames.count, &results)
            }
            var status: OpaquePointer?
            if let memoryLimit {
                MemoryLimit.during(memoryLimit) { unsafe status = unsafe compute() }
            } else {
                unsafe status = unsafe compute()
            }
            let handles = unsafe results.map {
                unsafe $0.map { unsafe EngineHandle($0, releasedBy: interface.releaseValue) }
            }
            do throws(RuntimeError) { try unsafe interface.check("run the model", status) } catch {
                guard let memoryLimit, case .engine(_, let message, _) = error, message.contains("alloc") else {
                    throw error
                }
                throw RuntimeError.outOfMemory(memoryLimit)
            }
            return try zip(requested, handles).map { name, handle in
                guard let handle else { throw RuntimeError.unsupportedType(name: name, type: "none") }
                return try EngineValue(handle, interface: interface).tensor(name)
            }
        }
    }

    /// Calls `body` with engine values over the tensors' own bytes, which stay in place until it returns.
    private func withEngineValues<Result>(
        _ tensors: [AnyTensor], _ body: ([EngineHandle]) throws -> Result
    ) throws -> Result {
        func next(_ values: [EngineHandle]) throws -> Result {
            guard values.count < tensors.count else { return try body(values) }
            let tensor = tensors[values.count]
            return try unsafe tensor.bytes.withUnsafeBytes { bytes in
                try next(values + [unsafe environment.value(over: bytes, tensor.elementType, tensor.shape)])
            }
        }
        return try next([])
    }

    private func check(_ given: [String: AnyTensor], _ requested: [String]) throws(RuntimeError) {
        for name in given.keys.sorted() where inputsByName[name] == nil {
            throw .unknownInput(name: name, known: inputs.map(\.name))
        }
        for input in inputs {
            guard let elementType = input.elementType else {
                throw .unsupportedType(name: input.name, type: input.typeName)
            }
            guard let tensor = given[input.name] else { throw .missingInput(input) }
            guard tensor.elementType == elementType, input.accepts(tensor.shape) else {
                throw .inputMismatch(expected: input, type: tensor.elementType, shape: tensor.shape)
            }
        }
        for name in requested {
            guard let output = outputsByName[name] else {
                throw .unknownOutput(name: name, known: outputs.map(\.name))
            }
            guard output.elementType != nil else { throw .unsupportedType(name: name, type: output.typeName) }
        }
    }

    private static func settings(
        _ options: ProgramOptions, interface: EngineInterface
    ) throws(RuntimeError) -> EngineHandle {
        let settings = try unsafe interface.handle(
            "make session options", releasedBy: interface.releaseOptions, interface.makeOptions)
        try unsafe interface.check("share its threads", interface.disablePerSessionThreads(settings.pointer))
        try unsafe interface.check(
            "set the optimisation level", interface.setOptimization(settings.pointer, options.optimization.rawValue))
        if !options.isStock { try switchOff(in: settings, interface: interface) }
        if !options.keepsMemory {
            try unsafe interface.check("switch its memory arena off", interface.disableArena(settings.pointer))
            try unsafe interface.check("switch memory patterns off", interface.disableMemoryPattern(settings.pointer))
        }
        return settings
    }

    /// Switches off what changes results.
    private static func switchOff(in settings: EngineHandle, interface: EngineInterface) throws(RuntimeError) {
        // ONNX Runtime 1.31 fuses a Pad with zeros into a MaxPool behind it, which then pads with minus infinity instead.
        try unsafe interface.check(
            "switch a fusion off",
            interface.setEntry(settings.pointer, "optimization.disable_specified_optimizers", "Pad_Fusion"))
        // Between DequantizeLinear and QuantizeLinear the engine would make integers of floating-point weights anew, with
        // scales of its own, so that folded weights gave other results than the file's.
        try unsafe interface.check(
            "leave quantised operators alone",
            interface.setEntry(settings.pointer, "session.disable_quant_qdq", "1"))
    }
}

/// C strings of a session's names.
@safe final class EngineNames: @unchecked Sendable {
    private let names: [String: UnsafeMutablePointer<CChar>]

    init(_ names: [String]) {
        var result: [String: UnsafeMutablePointer<CChar>] = unsafe [:]
        for name in Set(names) {
            let text = Array(name.utf8CString)
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
            unsafe copy.initialize(from: text, count: text.count)
            unsafe result[name] = copy
        }
        unsafe self.names = result
    }

    subscript(name: String) -> UnsafePointer<CChar>? {
        unsafe names[name].map { unsafe UnsafePointer($0) }
    }

    deinit {
        unsafe names.values.forEach { unsafe $0.deallocate() }
    }
}
