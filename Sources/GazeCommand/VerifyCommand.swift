import ArgumentParser
import Foundation
import Gaze

/// `gaze verify MODEL [IMAGE]`
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Spot-checks a model: outputs against the unmodified file, gradients against finite differences.",
        discussion: "Exit code 3 when a check fails or none could be made.")

    @Argument(help: "An ONNX file.", completion: .file(extensions: ["onnx"]))
    var model: String

    @Argument(help: "A photograph to check at, beside a random point.", completion: .file())
    var image: String?

    @Option(help: "The seed of random points, weights and directions.")
    var seed: UInt64 = 0

    @OptionGroup(title: "Preprocessing")
    var options: ModelOptions

    @OptionGroup(title: "Budget")
    var memory: MemoryOption

    @Flag(help: "JSON instead of a table.")
    var json = false

    func validate() throws { try options.validate() }

    func run() throws {
        try Console.report {
            let verification = try ModelVerification(
                contentsOf: model, engine: Interruption.engine(threads: options.threads, memory: memory.bound),
                seed: seed)
            let point = try image.map { path in
                let explainer = try options.explainer(for: model, memory: memory.bound)
                return try explainer.inputs(for: Console.picture(path, for: explainer))
            }
            let report = try verification.report(at: point)
            try Interruption.check()
            if json {
                try Console.putJSON(report)
            } else {
                let rows = report.checks.map { check -> [String] in
                    let difference = check.difference.map { number($0) } ?? ""
                    let tolerance = check.tolerance.map { "≤ \(number($0))" } ?? ""
                    return [check.verdict.rawValue, difference, tolerance, check.name, check.detail]
                }
                Console.putLines(Console.table(rows, right: [1]))
                Console.put(report.passed ? "verified" : "NOT verified")
            }
            if !report.passed { throw ExitCode(3) }
        }
    }

    private func number(_ value: Double) -> String { String(format: "%.1e", value) }
}
