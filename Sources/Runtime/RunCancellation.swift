import Synchronization

/// Ends runs early: give it to any number of runs and call `cancel()` from any thread.
public final class RunCancellation: Sendable {
    private struct State {
        var isCancelled = false
        var next = 0
        var stops: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    /// A handle that cancels nothing yet.
    public init() {}

    /// Whether `cancel()` was called.
    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Ends the runs that use this handle, now and from now on; they throw `RuntimeError.cancelled`.
    public func cancel() {
        state.withLock { state in
            state.isCancelled = true
            for stop in state.stops.values { stop() }
        }
    }

    /// Runs `body`; while it runs, `cancel()` calls `stop`, never after it has returned.
    package func observing<Result>(stop: @escaping @Sendable () -> Void, _ body: () throws -> Result) throws -> Result {
        let key = try state.withLock { state in
            guard !state.isCancelled else { throw RuntimeError.cancelled }
            state.next += 1
            state.stops[state.next] = stop
            return state.next
        }
        defer { state.withLock { $0.stops[key] = nil } }
        return try body()
    }
}
