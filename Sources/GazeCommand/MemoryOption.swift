import ArgumentParser
import Gaze
import Tensors

/// How much memory a command may take.
struct MemoryOption: ParsableArguments {
    @Option(
        help:
            "The most memory that a run's values, a picture or a file may take, e.g. 512MiB or 2GiB: by default three quarters of what the machine has free. Methods of many runs fill it, or 256 MiB by default."
    )
    var memory: String?

    func validate() throws {
        guard let memory, bytes == nil else { return }
        throw ValidationError("--memory takes a size such as 512MiB or 2GiB, from 1 MiB to 1 TiB; got '\(memory)'.")
    }

    /// The bytes that were given.
    var bytes: Int? {
        memory.flatMap {
            SizeText.number($0, units: ["KiB": 0x1p10, "MiB": 0x1p20, "GiB": 0x1p30, "KB": 1e3, "MB": 1e6, "GB": 1e9])
        }
        .flatMap { (0x1p20...0x1p40).contains($0) ? Int($0) : nil }
    }

    /// What may be taken: what was given, or a part of what the machine has free.
    var bound: MemoryBudget { bytes.map { MemoryBudget(bytes: $0) } ?? .ofMachine }
}

/// Numbers with a unit behind them.
enum SizeText {
    /// The number times its unit's factor; nil for other texts.
    static func number(_ text: String, units: [String: Double]) -> Double? {
        let unit = String(text.drop { $0.isNumber || $0 == "." })
        return units[unit].flatMap { factor in Double(text.dropLast(unit.count)).map { $0 * factor } }
    }
}
