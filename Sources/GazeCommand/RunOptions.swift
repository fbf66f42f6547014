import ArgumentParser
import Foundation
import Gaze
import Synchronization

/// What methods may use that run the model many times.
struct RunOptions: ParsableArguments {
    @Option(
        help:
            "The most memory that a run's values, a picture or a file may take, e.g. 512MiB or 2GiB; it sets how many rows run at once, too. By default rows take 256 MiB, and three quarters of what the machine has free is the bound."
    )
    var memory: String?

    @Option(help: "The time for one map, e.g. 2s, 500ms or 3min: sampling stops then and says how sure it is.")
    var time: String?

    func validate() throws {
        if let memory, bytes == nil {
            throw ValidationError("--memory takes a size such as 512MiB or 2GiB, from 1 MiB to 1 TiB; got '\(memory)'.")
        }
        if let time, duration == nil {
            throw ValidationError("--time takes a duration such as 500ms, 2s or 3min; got '\(time)'.")
        }
    }

    private var bytes: Int? {
        memory.flatMap {
            Self.number($0, units: ["KiB": 0x1p10, "MiB": 0x1p20, "GiB": 0x1p30, "KB": 1e3, "MB": 1e6, "GB": 1e9])
        }
        .flatMap { (0x1p20...0x1p40).contains($0) ? Int($0) : nil }
    }

    /// What a run, a picture or a file may take at most.
    var memoryBound: MemoryBudget { bytes.map { MemoryBudget(bytes: $0) } ?? .ofMachine }

    private var duration: Duration? {
        time.flatMap { Self.number($0, units: ["ms": 1e-3, "s": 1, "min": 60, "h": 3600]) }
            .flatMap { (1e-3...1e7).contains($0) ? .seconds($0) : nil }
    }

    private static func number(_ text: String, units: [String: Double]) -> Double? {
        let unit = String(text.drop { $0.isNumber || $0 == "." })
        return units[unit].flatMap { factor in Double(text.dropLast(unit.count)).map { $0 * factor } }
    }

    /// The settings, with progress on a terminal; an interrupt ends methods early.
    ///
    /// - Parameter showsProgress: Whether methods say how far they are; commands that have a line of their own leave it out.
    func settings(showsProgress: Bool = true) -> RunSettings {
        var settings = RunSettings(
            memory: min(bytes ?? 1 << 28, memoryBound.bytes), time: duration, cancellation: Interruption.cancellation,
            memoryBound: memoryBound)
        if showsProgress, Console.isInteractive {
            let line = ProgressLine()
            settings.progress = { line.show($0) }
        }
        return settings
    }
}

/// A line on a terminal that says how far a method is: rate and time to go.
private final class ProgressLine: Sendable {
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    func show(_ progress: RunProgress) {
        let isOver = progress.done >= progress.total
        let isDue = last.withLock { last in
            let now = ContinuousClock.now
            // Short runs say nothing, long ones a few times a second.
            guard progress.elapsed > .seconds(1), isOver || last.map({ now - $0 > .milliseconds(250) }) ?? true else {
                return false
            }
            last = now
            return true
        }
        guard isDue else { return }
        let seconds = progress.elapsed / .seconds(1)
        let rest = progress.remaining.map { String(format: ", %.0f s to go", $0 / .seconds(1)) } ?? ""
        let line = String(
            format: "%@ %d of %d, %.0f a second%@", progress.label, progress.done, progress.total,
            Double(progress.done) / seconds, isOver ? "" : rest)
        Console.showProgress(line, isLast: isOver)
    }
}
