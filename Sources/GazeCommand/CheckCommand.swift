import Archives
import ArgumentParser
import Foundation
import Gaze

/// `gaze check MODEL IMAGE…`
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Sanity checks with a verdict: do maps depend on what the model learnt?",
        discussion: """
            Randomises the model's parameters, from the scores down or layer by layer, and compares maps before and after, beside maps \
            of different pictures and an edge detector (Adebayo et al. 2018). PASS means that maps depend on what the upper half of \
            the layers learnt, as far as this test sees, and no more. UNDECIDED means that so few pictures may as well have \
            another verdict, and about how many would tell. Exit code 3 when a method fails, and only then.
            """)

    @Argument(help: "An ONNX file.", completion: .file(extensions: ["onnx"]))
    var model: String

    @Argument(
        help:
            "Photographs: JPEG, PNG, WebP, TIFF, or arrays (.npy, .npz); - is standard input. Fewer than three have no verdict; ten mostly do.",
        completion: .file())
    var images: [String]

    @Option(
        name: [.customShort("m"), .long],
        help:
            "A method of 'gaze methods', with parameters as NAME:key=value; repeatable. By default those of the paper, with few samples."
    )
    var method: [String] = []

    @Option(help: "cascading: from the scores down, each step one block more; independent: one block at a time.")
    var mode = "cascading"

    @Option(help: "What parameters are drawn from: by-kind, truncated-normal[:deviation=0.1], kaiming, own.")
    var initialiser = "by-kind"

    @Option(help: "How many draws every picture meets.")
    var seeds = 1

    @Option(help: "How many blocks the layers are divided into at most; all: one for each layer.")
    var blocks = "10"

    @Option(help: "fixed: the same score in all models; rechosen: what each randomised model finds most likely.")
    var target = "fixed"

    @Flag(help: "Reset the running means and variances of normalisations, too.")
    var resetStatistics = false

    @Option(help: "Maps are means over so many noisy copies of each picture (sMPRT); 0: the picture itself.")
    var smooth = 0

    @Option(
        help: "The same network trained on permuted labels: maps of both are compared.",
        completion: .file(extensions: ["onnx"]))
    var randomLabels: String?

    @Option(name: .shortAndLong, help: "A layer or tensor that 'gaze inspect' lists; by default the deepest map.")
    var layer: String?

    @Option(name: .shortAndLong, help: "A folder for the figure, curves and every comparison.", completion: .directory)
    var output: String?

    @OptionGroup(title: "Preprocessing")
    var options: ModelOptions

    @OptionGroup(title: "Budget")
    var budget: RunOptions

    @Flag(help: "JSON on standard output instead of a table: a list with one entry a method.")
    var json = false

    func validate() throws {
        try options.validate()
        _ = try Console.options { try methods() }
        _ = try Console.options { try checkOptions() }
    }

    func run() throws {
        let inputs = InputFiles()
        try Console.report(inputs: inputs) {
            inputs.add(model: model, options: options)
            if let randomLabels { inputs.add(model: randomLabels, options: options) }
            inputs.add(images)
            let explainer = try options.explainer(for: model, memory: budget.memoryBound)
            let other = try randomLabels.map { try options.explainer(for: $0, memory: budget.memoryBound) }
            let files = output.map { SanityFiles(folder: $0) }
            try files?.makeFolder()
            let outcome = try explainer.sanityCheck(
                images.map { path in (path, { try Console.picture(path, for: explainer) }) }, methods: methods(),
                layer: layer, options: checkOptions(), randomLabels: other, settings: budget.settings())
            for failure in outcome.failures {
                let text = Console.sentence(failure.error)
                Console.say(text.contains(failure.name) ? "gaze: \(text)" : "gaze: \(failure.name): \(text)")
            }
            let paths = try UnfinishedWork.whole {
                try files?.write(outcome.report, outcome.measurements, photograph: outcome.picture) ?? []
            }
            if json {
                try Console.putJSON(outcome.report.methods)
            } else {
                Console.putLines(SanityTable.text(outcome.report))
                for path in paths { Console.put("wrote \(path)", limit: Console.longestPath) }
            }
            for note in outcome.report.notes { Console.say("note: \(note)") }
            if Interruption.happened { throw Interruption.exitCode }
            if outcome.report.methods.contains(where: { $0.verdict == .fail }) { throw ExitCode(3) }
            if !outcome.failures.isEmpty { throw ExitCode(1) }
        }
    }

    private func methods() throws -> [MethodSpecification] {
        guard !method.isEmpty else { return SanityCheck.methods }
        let specifications = try method.map {
            let specification = try MethodSpecification(parsing: $0)
            _ = try MethodCatalogue.description(named: specification.name)
            return specification
        }
        guard Set(specifications.map(\.label)).count == specifications.count else {
            throw ValidationError("Two methods have one label; put a label and '=' in front of one.")
        }
        return specifications
    }

    private func checkOptions() throws -> SanityCheckOptions {
        guard let mode = SanityCheckOptions.Mode(rawValue: mode) else {
            throw ValidationError("--mode is cascading or independent; got '\(mode)'.")
        }
        guard let target = SanityCheckOptions.TargetChoice(rawValue: target) else {
            throw ValidationError("--target is fixed or rechosen; got '\(target)'.")
        }
        guard (1...1000).contains(seeds) else {
            throw ValidationError("--seeds takes a number from 1 to 1000; got \(seeds).")
        }
        guard (0...1000).contains(smooth) else {
            throw ValidationError("--smooth takes a number from 0 to 1000; got \(smooth).")
        }
        let count = Int(blocks)
        guard blocks == "all" || count.map({ (2...10000).contains($0) }) ?? false else {
            throw ValidationError("--blocks takes all or a number from 2 on; got '\(blocks)'.")
        }
        return SanityCheckOptions(
            mode: mode, target: target, initialiser: try Initialiser(parsing: initialiser), seeds: seeds, blocks: count,
            resetsStatistics: resetStatistics, copies: smooth)
    }
}
