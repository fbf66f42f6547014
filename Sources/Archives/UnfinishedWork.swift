import Synchronization

import func Glibc.usleep

/// Knows what of a process' work must not be cut, so that the process can be ended at any moment and leaves nothing half-written.
///
/// Whoever writes a file does it in `whole`; whoever keeps something for a while that has to go if the process ends
/// (a partial file, a folder, a child process) holds a `Remnant`. `prepareToEnd` waits for the first and removes the second.
package final class UnfinishedWork: Sendable {
    /// This process' work.
    package static let ofProcess = UnfinishedWork()

    private struct State {
        var writers = 0
        var isEnding = false
        var next = 0
        var remnants: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Runs `body`, during which the process is not ended; calls may be nested.
    package static func whole<Result, Failure>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        try ofProcess.whole(body)
    }

    /// Runs `body`, before whose end `prepareToEnd` says no; calls may be nested.
    package func whole<Result, Failure>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        // Nothing new begins once the process is about to end.
        while !begin() { usleep(10_000) }
        defer { state.withLock { $0.writers -= 1 } }
        return try body()
    }

    private func begin() -> Bool {
        state.withLock { state in
            guard !state.isEnding else { return false }
            state.writers += 1
            return true
        }
    }

    /// Lets nothing begin any more and removes what remained; false while something is being written: ask again.
    package func prepareToEnd() -> Bool {
        let remnants: [@Sendable () -> Void]? = state.withLock { state in
            guard state.writers == 0 else { return nil }
            state.isEnding = true
            defer { state.remnants = [:] }
            return Array(state.remnants.values)
        }
        remnants?.forEach { $0() }
        return remnants != nil
    }

    /// Something that has to go if the process ends before this object is released.
    package final class Remnant: Sendable {
        private let work: UnfinishedWork
        private let key: Int

        /// - Parameter remove: Removes it; called at most once, on any thread.
        package init(of work: UnfinishedWork = .ofProcess, remove: @escaping @Sendable () -> Void) {
            self.work = work
            key = work.state.withLock { state in
                state.next += 1
                state.remnants[state.next] = remove
                return state.next
            }
        }

        deinit { work.state.withLock { state in state.remnants[key] = nil } }
    }
}
