import ArgumentParser
import Foundation
import Gaze
import Synchronization

/// What methods may use that run the model many times.
struct RunOptions: ParsableArguments {
    @OptionGroup(title: "Budget")
    var memory: MemoryOption

    @Option(help: "The time for one map, e.g. 2s, 500ms or 3min: sampling stops then and says how sure it is.")
    var time: String?

    func validate() throws {
        if let time, duration == nil {
            throw ValidationError("--time takes a duration such as 500ms, 2s or 3min; got '\(time)'.")
        }
    }

    /// What a run, a picture or a file may take at most.
    var memoryBound: MemoryBudget { memory.bound }

    private var duration: Duration? {
        time.flatMap { SizeText.number($0, units: ["ms": 1e-3, "s": 1, "min": 60, "h": 3600]) }
            .flatMap { (1e-3...1e7).contains($0) ? .seconds($0) : nil }
    }

    /// The settings, with progress on a terminal; an interrupt ends methods early.
    ///
    /// - Parameter showsProgress: Whether methods say how far they are; commands that have a line of their own leave it out.
    func settings(showsProgress: Bool = true) -> RunSettings {
        var settings = RunSettings(
            memory: min(memory.bytes ?? 1 << 28, memoryBound.bytes), time: duration,
            cancellation: Interruption.cancellation,
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
