import Archives
import ArgumentParser
import Foundation
import Gaze

/// `gaze evaluate MODEL DATASET`
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Metrics of methods over a data set, with intervals.",
        discussion: """
            Writes results.jsonl (a line a picture and method), summary.csv, summary.md and times.csv. What was measured is \
            kept in results.sqlite: the same command again, also after an interrupt, computes only what is missing. --advise says which \
            method to use and writes advice.json. Masks lie in masks/ or trimaps/ beside the pictures or the manifest.
            """)

    @Argument(help: "An ONNX file.", completion: .file(extensions: ["onnx"]))
    var model: String

    @Argument(
        help: "A folder of pictures, a folder a class, a CSV or JSONL manifest, Pascal VOC, or COCO.",
        completion: .file())
    var dataset: String

    @OptionGroup(title: "What is measured")
    var measured: EvaluationOptions

    @Option(help: "How the data set lies on the disk: \(DatasetFormat.all.map(\.name).joined(separator: ", ")).")
    var format: String?

    @Option(help: "The folder of the pictures that a manifest names.", completion: .directory)
    var images: String?

    @Option(
        help: "What the model calls the data set's classes where names differ: a file with lines NAME = CLASS.",
        completion: .file())
    var classMap: String?

    @Option(help: "Only so many pictures, drawn evenly from the whole data set.")
    var limit: Int?

    @Option(name: .shortAndLong, help: "The folder for results.", completion: .directory)
    var output = "evaluation"

    @Option(
        help: "The database of what was measured; results.sqlite in the output folder by default.", completion: .file())
    var store: String?

    @Flag(help: "Keep no database.")
    var noStore = false

    @Option(
        help:
            "[METHOD:]METRIC=VALUE; exit code 3 where a method is worse: below the value, or above where lower is better; repeatable."
    )
    var failUnder: [String] = []

    @OptionGroup(title: "Preprocessing")
    var options: ModelOptions

    @OptionGroup(title: "Budget")
    var budget: RunOptions

    @Flag(help: "JSON on standard output instead of a table.")
    var json = false

    func validate() throws {
        try options.validate()
        try measured.validate()
        if let limit, limit < 1 { throw ValidationError("--limit takes a positive number; got \(limit).") }
        if noStore, store != nil { throw ValidationError("--store and --no-store exclude each other; give one.") }
        if let format, DatasetFormat(named: format) == nil {
            throw ValidationError(
                "--format is one of \(DatasetFormat.all.map(\.name).joined(separator: ", ")); got '\(format)'.")
        }
    }

    /// Nobody reads a million lines.
    private static let shownProblems = 100

    func run() throws {
        let inputs = InputFiles()
        try Console.report(inputs: inputs) {
            inputs.add(model: model, options: options)
            inputs.add([dataset, classMap])
            var pictures = try Dataset(
                contentsOf: dataset, format: format.flatMap { DatasetFormat(named: $0) }, images: images)
            inputs.add(pictures)
            for problem in pictures.problems.prefix(Self.shownProblems) {
                Console.say("gaze: \(Console.sentence(problem))")
            }
            if pictures.problems.count > Self.shownProblems {
                Console.say("gaze: \(pictures.problems.count - Self.shownProblems) more rows have such problems.")
            }
            if let limit { pictures = pictures.thinned(to: limit) }
            let (methods, metrics) = try measured.planned(for: pictures)
            let explainer = try options.explainer(for: model, memory: budget.memoryBound)
            let identifiers =
                try classMap.map { try ClassMap.read(path: $0, names: explainer.classLabels().names) } ?? [:]
            let plan = EvaluationPlan(
                methods: methods, metrics: metrics,
                explained: EvaluatedClass(measured.explained), identifiers: identifiers, seed: measured.seed,
                settings: budget.settings(showsProgress: false))
            let requirements = try requirements(on: plan)
            let files = try EvaluationFiles(folder: output)
            if !noStore { try checkStore() }
            let evaluator = try Evaluator(
                explainer, plan: plan, store: noStore ? ResultStore() : ResultStore(path: storePath))
            var result = try evaluate(pictures, evaluator, files)
            let advice = try advice(on: pictures, evaluator, &result)
            // Of an interrupted run, too, the tables are made of what is finished.
            try UnfinishedWork.whole { try report(result, advice, evaluator, pictures, files, requirements) }
        }
    }

    /// Refuses a store that is an input of the run, also by the names of the database's journals.
    private func checkStore() throws {
        for end in ["", "-journal", "-wal", "-shm"] { try WholeFile.target(of: storePath + end) }
    }

    private var storePath: String { store ?? output + "/results.sqlite" }

    private func evaluate(
        _ pictures: Dataset, _ evaluator: Evaluator, _ files: EvaluationFiles
    ) throws -> EvaluationResult {
        let line = EvaluationLine()
        let prefix = measured.isLenient ? "left out" : "gaze"
        return try evaluator.evaluate(
            pictures,
            listener: EvaluationListener(
                said: { sentence in
                    line.clear()
                    Console.say("\(prefix): \(Console.sentence(sentence))")
                }, progress: line.show,
                found: { records in try UnfinishedWork.whole { try files.add(records) } }))
    }

    /// The advice where it is asked for; an interrupt keeps what was measured before.
    private func advice(
        on pictures: Dataset, _ evaluator: Evaluator, _ result: inout EvaluationResult
    ) throws -> EvaluationAdvice? {
        guard measured.advise, result.isComplete, !result.records.isEmpty else { return nil }
        do {
            return try evaluator.advice(
                on: pictures, result, checking: measured.checkedPictures, progress: budget.settings().progress
            ) { Console.say("gaze: \(Console.sentence($0))") }
        } catch RuntimeError.cancelled {
            result.isComplete = false
            return nil
        }
    }

    private func report(
        _ result: EvaluationResult, _ advice: EvaluationAdvice?, _ evaluator: Evaluator, _ pictures: Dataset,
        _ files: EvaluationFiles,
        _ requirements: [EvaluationRequirement]
    ) throws {
        guard !result.records.isEmpty || !result.isComplete else {
            // An empty table would stand where an earlier run's may be.
            for note in result.notes { Console.say("note: \(Console.sentence(note))") }
            if json { try Console.putJSON([EvaluationSummary.Row]()) }
            Console.say("gaze: nothing was measured; files of earlier runs in \(output) stay as they are.")
            throw ExitCode(2)
        }
        let summary = evaluator.summary(of: result)
        let problems = pictures.problems + result.problems
        let count = Set(result.records.map(\.image)).count
        let heading =
            "\(model) over \(dataset): \(count) picture\(count == 1 ? "" : "s"), class \(measured.explained)\(result.isComplete ? "" : " (interrupted)")"
        let paths = try files.finish(
            summary, heading: heading,
            remarks: result.notes + (problems + result.failures).map { Console.sentence($0) }, advice: advice)
        for note in result.notes { Console.say("note: \(Console.sentence(note))") }
        if json {
            try Console.putJSON(summary.all + (advice.map(EvaluationSummary.rows(of:)) ?? []))
        } else {
            Console.put(heading)
            let cells = summary.cells(interval: EvaluationSummary.halfWidth)
            Console.putLines(Console.table(cells, right: Set(1..<max(cells.first?.count ?? 1, 2))))
            Console.put("± is half of the 95 % bootstrap interval; methods in brackets are trivial references.")
            if let advice {
                Console.put("")
                Console.putLines(Console.table(AdviceTable.cells(advice), right: [0, 3, 4, 5]))
                Console.put("= : none of the same verdict is more faithful as far as intervals tell.")
                Console.put(advice.sentence)
            }
            Console.say(
                "\(result.measuredCount) \(result.measuredCount == 1 ? "number was" : "numbers were") measured\(result.reusedCount > 0 ? ", \(result.reusedCount) were known from \(storePath)" : "")."
            )
            Console.say("wrote \(paths.joined(separator: ", "))")
        }
        guard result.isComplete else { throw Interruption.exitCode }
        // Of a list that nobody chose, methods that do not fit the model are left out.
        let required = measured.isLenient ? [] : evaluator.plan.methods.filter { !$0.isReference }.map(\.label)
        let violations = requirements.flatMap { $0.violations(of: summary, methods: required) }
        for violation in violations { Console.say("check failed: \(Console.sentence(violation))") }
        if !violations.isEmpty { throw ExitCode(3) }
        if !problems.isEmpty || (!result.failures.isEmpty && !measured.isLenient) { throw ExitCode(1) }
    }

    private func requirements(on plan: EvaluationPlan) throws -> [EvaluationRequirement] {
        let (methods, metrics) = (plan.methods.map(\.label), plan.metrics.map(\.label) + [EvaluationSummary.seconds])
        return try failUnder.map { text in
            guard let requirement = EvaluationRequirement(text, methods: methods, metrics: metrics) else {
                throw ValidationError(
                    "--fail-under takes METRIC=VALUE or METHOD:METRIC=VALUE with METRIC one of \(metrics.joined(separator: ", ")); got '\(text)'."
                )
            }
            return requirement
        }
    }
}

/// How far an evaluation is: a line that changes on a terminal, and a line every half minute elsewhere.
private final class EvaluationLine {
    private static let interval = Duration.seconds(30)
    private var last = Duration.zero
    private var isShown = false

    func show(_ progress: EvaluationProgress) {
        guard progress.computed > 0 || progress.isOver else { return }
        guard Console.isInteractive else {
            // A log gets a line now and then.
            guard progress.elapsed - last >= Self.interval, !progress.isOver else { return }
            last = progress.elapsed
            Console.say(text(of: progress))
            return
        }
        let isOver = progress.isOver
        Console.showProgress(text(of: progress), isLast: isOver)
        isShown = !isOver
    }

    private func text(of progress: EvaluationProgress) -> String {
        let seconds = progress.elapsed / .seconds(1)
        let rest = progress.remaining.map { Self.words($0 / .seconds(1)) } ?? ""
        let failed = progress.failed > 0 ? ", \(progress.failed) failed" : ""
        return String(
            format: "%d of %d pictures%@, %.2f s a picture%@", progress.done, progress.total, failed,
            seconds / Double(max(progress.computed, 1)), progress.isOver ? "" : ", \(rest) to go")
    }

    /// Makes room for a sentence.
    func clear() {
        if isShown { Console.clearProgress() }
        isShown = false
    }

    private static func words(_ seconds: Double) -> String {
        seconds < 90 ? String(format: "%.0f s", seconds) : String(format: "%.0f min", seconds / 60)
    }
}
