public import Foundation
import Synchronization
public import Tensors

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

    /// What the values of one run may take.
    public let memory: MemoryBudget

    let environment: EngineEnvironment
    private let cancellation: RunCancellation?

    /// Opens the engine.
    ///
    /// - Parameters:
    ///   - library: the shared library or its folder; by default `GAZE_ENGINE`, the folder of the executable, its
    ///     neighbour `lib`, the folder `.engine` upwards from there, and the system's library path are searched.
    ///   - threads: how many threads compute; by default as many as the processor has cores, or as are
    ///     running: the first engine of a process decides.
    ///   - spins: whether idle threads wait in a loop. On an idle machine that makes small networks quicker (MobileNetV2: 2.2
    ///     instead of 3.0 ms; ResNet-50: no difference); on a busy one it halves the speed of all (ResNet-50: 70 instead
    ///     of 36 ms). Here, too, the first engine decides.
    ///   - memory: what the values of one run may take; by default what the machine has.
    ///   - cancellation: ends everything that this engine loads or runs, also where nobody hands a cancellation to the run:
    ///     constant folding, shape inference, proofs.
    ///   - log: takes the engine's warnings; by default they are dropped (errors are thrown).
    /// - Throws: `RuntimeError`
    public init(
        library: String? = nil, threads: Int? = nil, spins: Bool = false, memory: MemoryBudget = .ofMachine,
        cancellation: RunCancellation? = nil, log: Log? = nil
    ) throws {
        self.memory = memory
        self.cancellation = cancellation
        environment = try EngineEnvironment.shared(library: library, threads: threads, spins: spins, log: log)
    }

    /// Makes a serialised ONNX model ready to run.
    public func load(_ model: Data, options: ProgramOptions = ProgramOptions()) throws -> any Program {
        try ONNXRuntimeProgram(model, options: options, environment: environment, cancellation: cancellation)
    }
}

/// The engine's environment: its threads and its log; once started, it lives as long as the process.
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

    /// The engine allows one environment a process; ending one while another thread starts the next is an error.
    private static let current = Mutex<EngineEnvironment?>(nil)

    static func shared(
        library: String?, threads: Int?, spins: Bool, log: ONNXRuntimeEngine.Log?
    ) throws -> EngineEnvironment {
        try current.withLock { current in
            if let running = current {
                if let threads, threads != running.threadCount {
                    throw RuntimeError.threadCount(running: running.threadCount, requested: threads)
                }
                return running
            }
            let process = ProcessInfo.processInfo
            let opened = try EngineLibrary.open(library, environment: process.environment)
            let environment = try EngineEnvironment(
                opened, threads: max(1, threads ?? process.activeProcessorCount), spins: spins, log: log)
            current = environment
            return environment
        }
    }

    private init(
        _ library: EngineLibrary.Opened, threads: Int, spins: Bool, log: ONNXRuntimeEngine.Log?
    ) throws(RuntimeError) {
        let interface = try EngineInterface(library)
        let receiver = unsafe Unmanaged.passRetained(LogReceiver(log)).toOpaque()
        let threading = try unsafe interface.handle(
            "make threading options", releasedBy: interface.releaseThreading, interface.makeThreading)
        let count = Int32(clamping: threads)
        try unsafe interface.check("set the number of threads", interface.setIntraOpThreads(threading.pointer, count))
        try unsafe interface.check("set the number of threads", interface.setInterOpThreads(threading.pointer, 1))
        try unsafe interface.check("set how threads wait", interface.setSpinning(threading.pointer, spins ? 1 : 0))
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
