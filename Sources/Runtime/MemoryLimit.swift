import Foundation
import Synchronization
import Tensors

/// A bound on the process' memory while the engine computes values whose sizes the inputs' contents decide.
///
/// What is more fails inside the engine, as a status; only the engine's own code runs meanwhile in this thread, because Swift ends the process
/// where it gets no memory.
enum MemoryLimit {
    /// One at a time, because the limit is the process'.
    private static let turn = Mutex(())
    /// For threads' stacks and what other threads allocate.
    private static let slack = 256 << 20

    /// Runs `body` with at most so much memory beside what the process has.
    static func during<Result>(_ budget: MemoryBudget, _ body: () -> Result) -> Result {
        turn.withLock { _ in
            var old = rlimit()
            let kind = __rlimit_resource_t(RLIMIT_DATA.rawValue)
            guard let used = dataBytes(), unsafe getrlimit(kind, &old) == 0 else { return body() }
            let (limit, overflow) = used.addingReportingOverflow(budget.bytes)
            let soft = UInt(clamping: limit).addingReportingOverflow(UInt(slack))
            guard !overflow, !soft.overflow, rlim_t(soft.partialValue) < old.rlim_cur else { return body() }
            var new = rlimit(rlim_cur: rlim_t(soft.partialValue), rlim_max: old.rlim_max)
            guard unsafe setrlimit(kind, &new) == 0 else { return body() }
            defer { _ = unsafe setrlimit(kind, &old) }
            return body()
        }
    }

    /// What counts against the limit now.
    private static func dataBytes() -> Int? {
        SystemMemory.firstLine("/proc/self/status", beginning: "VmData:").map { $0 << 10 }
    }
}
