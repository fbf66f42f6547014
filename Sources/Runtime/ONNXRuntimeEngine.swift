public import Foundation
import Synchronization

/// ONNX Runtime, from the shared library that the set-up fetches or that the user has.
///
/// All engines and programs of a process share one pool of threads.
public final class ONNXRuntimeEngine: Engine {
    /// What the engine itself reports: its severity (0 verbose, 1 information, 2 warning, 3 error, 4 fatal) and its text.
    public typealias Log = @Sendable (_ severity: Int, _ message: String) -> Void

    /// `ONNX Runtime`.
    public let name = "ONNX Runtime"
    /// The library's version number.
    public var version: String { environment.interface.version }
    /// The file that the engine was loaded from.
    public var path: String { environment.path }
    /// The number of threads that compute, the caller's included.
    public var threadCount: Int { environment.threadCount }

    let environment: EngineEnvironment

    /// Opens the engine.
    ///
    /// - Parameters:
    ///   - library: the shared library or its folder; by default `GAZE_ENGINE`, the folder of the executable, its
    ///     neighbour `lib`, the folder `.engine` upwards from there, and the system's library path are searched.
    ///   - threads: how many threads compute; by default as many as the processor has cores, or as are running.
    ///   - log: takes the engine's warnings; by default they are dropped (errors are thrown).
    /// - Throws: `RuntimeError`
    public init(library: String? = nil, threads: Int? = nil, log: Log? = nil) throws {
        environment = try EngineEnvironment.shared(library: library, threads: threads, log: log)
    }

    /// Makes a serialised ONNX model ready to run.
    public func load(_ model: Data, options: ProgramOptions = ProgramOptions()) throws -> any Program {
        try ONNXRuntimeProgram(model, options: options, environment: environment)
    }
}

/// The engine's environment: its threads and its log; it lives as long as an engine or a program needs it.
@safe final class EngineEnvironment: Sendable {
    let interface: EngineInterface
    let path: String
    let threadCount: Int
    /// Where tensors over our own memory lie.
    let memory: EngineHandle
    /// Frees what the engine returns in memory of its own; lives as long as the library.
    let allocator: AddressOfAllocator
    private let handle: EngineHandle
    var pointer: OpaquePointer { unsafe handle.pointer }

    /// The engine keeps one environment a process, so we do.
    private static let current = Mutex(Weak())

    private struct Weak { weak var environment: EngineEnvironment? }

    static func shared(library: String?, threads: Int?, log: ONNXRuntimeEngine.Log?) throws -> EngineEnvironment {
        try current.withLock { current in
            if let running = current.environment {
                if let threads, threads != running.threadCount {
                    throw RuntimeError.threadCount(running: running.threadCount, requested: threads)
                }
                return running
            }
            let process = ProcessInfo.processInfo
            let opened = try EngineLibrary.open(library, environment: process.environment)
            let environment = try EngineEnvironment(
                opened, threads: max(1, threads ?? process.activeProcessorCount), log: log)
            current.environment = environment
            return environment
        }
    }

    private init(
        _ library: EngineLibrary.Opened, threads: Int, log: ONNXRuntimeEngine.Log?
    ) throws(RuntimeError) {
        let interface = try EngineInterface(library)
        // Never released: should the engine outlive this environment, it still calls the receiver.
        let receiver = unsafe Unmanaged.passRetained(LogReceiver(log)).toOpaque()
        let threading = try unsafe interface.handle(
            "make threading options", releasedBy: interface.releaseThreading, interface.makeThreading)
        let count = Int32(clamping: threads)
        try unsafe interface.check("set the number of threads", interface.setIntraOpThreads(threading.pointer, count))
        try unsafe interface.check("set the number of threads", interface.setInterOpThreads(threading.pointer, 1))
        // Threads that spin while they wait are what makes one session quick; with one pool they hurt no other session.
        try unsafe interface.check("let threads spin", interface.setSpinning(threading.pointer, 1))
        let severity: Int32 = log == nil ? 4 : 2
        handle = try unsafe interface.handle("start", releasedBy: interface.releaseEnvironment) {
            unsafe interface.makeEnvironment(
                LogReceiver.receive, receiver, severity, "gaze", threading.pointer, $0)
        }
        memory = try unsafe interface.handle("describe memory", releasedBy: interface.releaseMemory) {
            unsafe interface.makeCPUMemory(1, 0, $0)
        }
        let allocator = try unsafe interface.borrowed("find its allocator", interface.defaultAllocator)
        guard let allocator = unsafe allocator else {
            throw .engine(operation: "find its allocator", message: "it returned nothing", code: 0)
        }
        self.allocator = unsafe AddressOfAllocator(pointer: allocator)
        self.interface = interface
        path = library.path
        threadCount = threads
    }
}

/// The engine's default allocator, which is never released.
@safe struct AddressOfAllocator: @unchecked Sendable {
    let pointer: OpaquePointer
}

/// What the engine's log calls.
private final class LogReceiver: Sendable {
    private let log: ONNXRuntimeEngine.Log?

    init(_ log: ONNXRuntimeEngine.Log?) { self.log = log }

    static let receive: EngineInterface.Log = { receiver, severity, _, _, _, message in
        guard let receiver = unsafe receiver, let message = unsafe message else { return }
        let log = unsafe Unmanaged<LogReceiver>.fromOpaque(receiver).takeUnretainedValue().log
        unsafe log?(Int(severity), String(cString: message))
    }
}
