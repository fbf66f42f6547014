import Archives
import ArgumentParser
import Foundation
import Gaze

/// `gaze explain MODEL IMAGE…`
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Pictures of where the model looks, with the reasons for every choice.",
        discussion: """
            Without flags: the highest class, Grad-CAM at the layer that Gaze chooses. Writes a figure (.png), the raw \
            numbers (.npz) and a record (.json) per picture, class and method.
            """)

    @Argument(help: "An ONNX file.", completion: .file(extensions: ["onnx"]))
    var model: String

    @Argument(
        help:
            "Photographs: JPEG, PNG, WebP, TIFF, or arrays (.npy, .npz); - is standard input. For models of volumes: .npy or .npz files, or folders of slices.",
        completion: .file())
    var images: [String]

    @Flag(help: "The pictures are the slices of one volume, in this order.")
    var stack = false

    @Option(
        name: [.customShort("m"), .long],
        help:
            "A method of 'gaze methods', with parameters as NAME:key=value; repeatable. all: every one that asks the model, with its defaults."
    )
    var method: [String] = ["gradcam"]

    // A value that begins with a minus is a value.
    @Option(
        name: [.customShort("c"), .customLong("class")], parsing: .unconditionalSingleValue,
        help: "A class by name or index, or top3; repeatable.")
    var classes: [String] = ["top1"]

    @Option(
        parsing: .unconditional,
        help: "A class that is argued against; for embeddings a picture that is compared with.")
    var vs: String?

    @Option(help: "Which box of a detector: a candidate's number, or x0,y0,x1,y1 in the picture's pixels.")
    var box: String?

    @Option(
        help: "Which places of a segmentation count: a picture (white counts) or .npy (1 counts).",
        completion: .file(extensions: ["png", "npy"]))
    var mask: String?

    @Option(
        parsing: .unconditional,
        help: "Instead of a class, a target as 'gaze attribute' takes it, e.g. mean(masks[1]).")
    var target: String?

    @Option(
        name: .shortAndLong,
        help:
            """
            A layer or tensor that 'gaze inspect' lists; auto: candidates are tried on the picture; structural: the \
            deepest map, without a trial. A sidecar's layer comes before both.
            """
    )
    var layer = "auto"

    @Option(name: .shortAndLong, help: "The folder for results.", completion: .directory)
    var output = "explanations"

    @Option(help: "What is written: png, npz, json; several with commas.")
    var format = "png,npz,json"

    @Option(help: "One picture of all maps: a PNG with a row of methods for every class.", completion: .file())
    var sheet: String?

    @Option(help: "Colours of positive maps: turbo, viridis, inferno, jet.")
    var colours: String?

    @Flag(
        help:
            "Say with every map whether it depends on what the model learnt: it is made again with the upper half of the layers randomised ('gaze check'), which takes some twenty-five times as long as the map."
    )
    var check = false

    @Flag(help: "Show the overlay in the terminal.")
    var preview = false

    @OptionGroup(title: "Preprocessing")
    var options: ModelOptions

    @OptionGroup(title: "Budget")
    var budget: RunOptions

    @Flag(help: "JSON on standard output instead of words.")
    var json = false

    func validate() throws {
        try options.validate()
        _ = try parsedFormats()
        _ = try colourMap()
        let specifications = try Console.options { try parsedMethods() }
        guard Set(specifications.map(\.label)).count == specifications.count else {
            throw ValidationError("Two methods have one label; put a label and '=' in front of one.")
        }
        for text in classes where text.hasPrefix("top") {
            if let count = Int(text.dropFirst(3)), count < 1 {
                throw ValidationError("-c takes a class or top1, top2, …; got '\(text)'.")
            }
        }
        if let box, BoxSelection(box) == nil {
            throw ValidationError(
                "--box takes a candidate's number or x0,y0,x1,y1 with x0 < x1, y0 < y1; got '\(box)'.")
        }
        if let target {
            guard classes == ["top1"], vs == nil, box == nil, mask == nil else {
                throw ValidationError("--target stands instead of -c, --vs, --box and --mask; give one or the other.")
            }
            _ = try Console.options { try Target(parsing: target) }
        }
    }

    func run() throws {
        let inputs = InputFiles()
        try Console.report(inputs: inputs) {
            inputs.add(model: model, options: options)
            inputs.add(images + [vs, mask])
            if let sheet { try ContactSheet.check(sheet) }
            let specifications = try parsedMethods()
            // Reading a large file's digest takes as long as a map, and the second core has time.
            let modelHash = Concurrent { [model] in try ContentHash(contentsOf: model) }
            let explainer: Explainer
            do { explainer = try options.explainer(for: model, memory: budget.memoryBound) } catch let error
                as GazeError
            {
                guard case .noPictureInput = error, let volumes = try volumeExplainer() else { throw error }
                return try explainVolumes(volumes, specifications, try? modelHash.get())
            }
            guard !stack else {
                throw ValidationError("The model takes pictures, and --stack is for models of volumes; leave it out.")
            }
            var files = ExplanationFiles(folder: output, formats: try parsedFormats())
            let places = try mask.map { try PlaceMask(contentsOf: $0) }
            try files.makeFolder()
            var contactSheet = ContactSheet(path: sheet)
            var records: [ExplanationRecord] = []
            let failures = FailureCount()
            defer { if json { try? Console.putJSON(records) } }
            let failed = try Console.forEach(images) { path in
                records += try explain(
                    path, specifications, places, explainer, &files, &contactSheet, failures, modelHash)
            }
            try UnfinishedWork.whole { try contactSheet.write(model: model) }
            if failed > 0, images.count > 1 {
                Console.say("note: \(failed) of \(images.count) pictures could not be explained")
            }
            try Console.end(failed: failed, of: images.count)
            try failures.end(maps: records.count)
            if !json { suggest(hasRunnerUp: records.first.map { $0.top.count > 1 } ?? false) }
        }
    }

    private func explain(
        _ path: String, _ specifications: [MethodSpecification], _ places: PlaceMask?, _ explainer: Explainer,
        _ files: inout ExplanationFiles, _ sheet: inout ContactSheet, _ failures: FailureCount,
        _ modelHash: Concurrent<ContentHash>
    ) throws -> [ExplanationRecord] {
        let start = ContinuousClock.now
        let picture = try Console.picture(path, for: explainer)
        let rule: AutomaticLayerRule = layer == "structural" ? .structural : .measured
        let named = ["auto", "structural"].contains(layer) ? nil : layer
        // A method that does not fit takes no other with it; of all methods, some never fit.
        let failed = { (method: MethodSpecification, error: any Error) in
            if self.method != ["all"] { failures.count += 1 }
            Console.say("\(self.method == ["all"] ? "left out" : "gaze"): \(method.label): \(Console.sentence(error))")
        }
        let explanations =
            if let target {
                try explainer.explain(
                    picture, target: target, methods: specifications, layer: named, automaticLayer: rule,
                    check: check ? .oneMap : nil, settings: budget.settings(), failed: failed)
            } else {
                try explainer.explain(
                    picture, methods: specifications, classes: classes.map { ClassSelection($0) }, contrast: vs,
                    box: box.flatMap { BoxSelection($0) }, mask: places, layer: named, automaticLayer: rule,
                    check: check ? .oneMap : nil, settings: budget.settings(), failed: failed)
            }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let top = Array(explanations.first?.ranking.prefix(5) ?? [])
        if !json {
            Console.put("\(path) (\(picture.width)x\(picture.height))")
            if let head = explanations.first?.head { Console.putLines(PredictionTable.text(top, head: head)) }
        }
        var shown: LayerTrial?
        var notes = NotesOfMaps(explanations)
        return try explanations.map { explanation in
            let overlay = try explanation.drawn(overlay(for: explanation))
            let record = ExplanationRecord(
                explanation, model: model, image: path, top: top, preprocessing: explainer.preprocessing,
                versions: ["gaze": GazeVersion.text, explainer.model.engine.name: explainer.model.engine.version],
                seconds: seconds, region: overlay.hottest, inputs: explainer.givenInputs,
                modelHash: try? modelHash.get(), imageHash: try? ContentHash(contentsOf: path))
            let written = try UnfinishedWork.whole {
                try files.write(explanation, record: record, overlay: overlay)
            }
            if written.score == nil || written.range.broken > 0 { failures.broken += 1 }
            if !json {
                show(explanation, written, overlay, notes: notes.next(of: explanation))
                // Methods of one class share a trial.
                if let trial = explanation.trial, trial != shown { Console.putLines(LayerTrialTable.text(trial)) }
                shown = explanation.trial ?? shown
            }
            // Of a large photograph an overlay is tens of mebibytes: it goes as soon as it is written.
            try sheet.add(explanation, overlay, image: path)
            return written
        }
    }

    private func show(
        _ explanation: Explanation, _ record: ExplanationRecord, _ overlay: Overlay.Result, notes: [String]
    ) {
        Console.put(
            "\(explanation.method.name) of \(explanation.subject), score \(PredictionTable.number(explanation.score))")
        Console.put("  score  \(explanation.statement)")
        if let layer = explanation.layer { Console.put("  layer  \(layer.layer.name): \(layer.reason)") }
        if let region = record.region { Console.put("  region  \(region.text)") }
        if let check = record.check { Console.put("  check  \(check.verdict.rawValue): \(check.sentence)") }
        for (format, path) in record.files.sorted(by: { $0.key > $1.key }) {
            Console.put(
                "  \(format.padding(toLength: 5, withPad: " ", startingAt: 0))  \(path)", limit: Console.longestPath)
        }
        for note in notes { Console.say("note: \(note)") }
        if preview {
            let colours = TerminalPreview.Colours(environment: ProcessInfo.processInfo.environment)
            Console.putPicture(TerminalPreview(columns: 72, colours: colours).text(of: overlay.picture))
        }
    }

    private func overlay(for explanation: Explanation) throws -> Overlay {
        var overlay = explanation.overlay
        if let map = try colourMap() { overlay.colourMap = map }
        return overlay
    }

    func colourMap() throws -> ColourMap? {
        guard let colours else { return nil }
        guard let map = ColourMap(rawValue: colours) else {
            throw ValidationError(
                "--colours is one of \(ColourMap.allCases.map(\.rawValue).joined(separator: ", ")); got '\(colours)'.")
        }
        return map
    }

    private func parsedMethods() throws -> [MethodSpecification] {
        if method == ["all"] {
            return MethodCatalogue.selfContained.filter { $0.display != nil }.map { MethodSpecification($0.name) }
        }
        return try method.map {
            let specification = try MethodSpecification(parsing: $0)
            _ = try MethodCatalogue.description(named: specification.name)
            return specification
        }
    }

    func parsedFormats() throws -> Set<ExplanationFiles.Format> {
        let words = format.split(separator: ",").map(String.init)
        let formats = words.compactMap { ExplanationFiles.Format(rawValue: $0) }
        guard formats.count == words.count, !formats.isEmpty else {
            throw ValidationError("--format takes png, npz and json, several with commas; got '\(format)'.")
        }
        return Set(formats)
    }

    /// The next thing to try.
    private func suggest(hasRunnerUp: Bool) {
        let command = "gaze explain \(ShellWord.path(model)) \(ShellWord.path(images[0]))"
        // What would be shortened is no command any more.
        guard command.count < 800 else { return }
        if hasRunnerUp, classes == ["top1"], vs == nil, target == nil, box == nil, mask == nil {
            Console.say("next: \(command) -c top2   (where does the runner-up look?)")
        } else if method == ["gradcam"] {
            Console.say("next: \(command) -m gradcam -m gradient   (a second opinion)")
        }
    }
}

/// The notes on the maps of a picture, each said once: with the methods that it is about, where these are not all.
private struct NotesOfMaps {
    private let labels: [String: [String]]
    private let count: Int
    private var said: Set<String> = []

    init(_ explanations: [Explanation]) {
        count = explanations.count
        labels = explanations.reduce(into: [:]) { labels, explanation in
            for note in Set(explanation.notes) {
                labels[note, default: []].append("\(explanation.method.label) of \(explanation.subject)")
            }
        }
    }

    /// What has not been said yet of the notes on a map.
    mutating func next(of explanation: Explanation) -> [String] {
        explanation.notes.filter { said.insert($0).inserted }.map { note in
            let owners = labels[note] ?? []
            return owners.count > 1 && owners.count < count ? "\(note) (\(owners.joined(separator: "; ")))" : note
        }
    }
}

/// How many methods failed in a run.
final class FailureCount {
    /// Methods without a map.
    var count = 0
    /// Maps that were written for their record's sake, though the score or some of their values are NaN or infinite.
    var broken = 0

    /// Ends a command that wrote so many maps: exit code 2 when all are broken, 1 when something failed.
    func end(maps: Int) throws {
        if broken > 0 {
            Console.say(
                "gaze: \(broken) of \(maps) map\(maps == 1 ? " rests" : "s rest") on NaN or infinite numbers; the notes say where these come from."
            )
        }
        if broken > 0, broken == maps { throw ExitCode(2) }
        if count + broken > 0 { throw ExitCode(1) }
    }
}
