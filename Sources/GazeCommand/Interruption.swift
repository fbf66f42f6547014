import Archives
import ArgumentParser
import Foundation
import Gaze
import Synchronization

/// Control-C and SIGTERM: what is finished is kept, and the process ends within a second or says why not.
///
/// The first signal asks methods to end early, which may still put together what they have. Soon after, everything in the engine is
/// stopped. What cannot be told to stop (one long node, the engine's own preparation of a graph, a long loop) ends with the
/// process, as soon as no file is being written. The second signal does not wait.
enum Interruption {
    /// Asks methods to end early.
    static let cancellation = RunCancellation()
    /// Stops all that runs or loads in the engine.
    static let engineCancellation = RunCancellation()

    private static let state = Mutex<(sources: [any DispatchSourceSignal], signal: Int32?)>((sources: [], signal: nil))
    private static let queue = DispatchQueue(label: "interruption", qos: .userInteractive, attributes: .concurrent)

    /// The time after the first signal at which the engine is stopped, and at which the process is ended.
    private static let (engineDelay, endDelay) = (0.3, 0.8)

    /// Whether somebody interrupted the run.
    static var happened: Bool { cancellation.isCancelled }

    /// The exit code of an interrupted run: 128 and the signal's number, as shells count.
    static var exitCode: ExitCode { ExitCode(128 + (state.withLock { $0.signal } ?? SIGINT)) }

    /// An engine that an interrupt stops.
    ///
    /// - Parameter memory: What the values of one run may take.
    static func engine(threads: Int? = nil, memory: MemoryBudget = .ofMachine) throws -> ONNXRuntimeEngine {
        try ONNXRuntimeEngine(threads: threads, memory: memory, cancellation: engineCancellation)
    }

    /// Ends an interrupted run where what was found since may lack parts that the engine could not answer any more.
    static func check() throws {
        if engineCancellation.isCancelled { throw RuntimeError.cancelled }
    }

    /// Listens from now on.
    static func listen() {
        state.withLock { state in
            guard state.sources.isEmpty else { return }
            state.sources = [SIGINT, SIGTERM].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { interrupt(number) }
                source.resume()
                return source
            }
        }
    }

    private static func interrupt(_ number: Int32) {
        let isFirst = state.withLock { state in
            defer { state.signal = state.signal ?? number }
            return state.signal == nil
        }
        guard isFirst else {
            _ = UnfinishedWork.ofProcess.prepareToEnd()
            _exit(128 + number)
        }
        let start = DispatchTime.now()
        queue.asyncAfter(deadline: start + engineDelay) { engineCancellation.cancel() }
        queue.asyncAfter(deadline: start + endDelay) { end(128 + number) }
        cancellation.cancel()
        Console.say("interrupted: what is finished is kept")
    }

    /// Ends the process as soon as nothing is being written.
    private static func end(_ code: Int32) {
        var isSaid = false
        while !UnfinishedWork.ofProcess.prepareToEnd() {
            if !isSaid { Console.say("writing what is finished; a second interrupt does not wait for it") }
            isSaid = true
            usleep(10_000)
        }
        if !isSaid { Console.say("ended in the middle of a computation that cannot be stopped") }
        _exit(code)
    }
}
