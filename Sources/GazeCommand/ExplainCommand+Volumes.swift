import Archives
import ArgumentParser
import Foundation
import Gaze

/// `gaze explain MODEL VOLUME…`: models of scans and clips.
extension ExplainCommand {
    /// What explains volumes; nil where the model takes none.
    func volumeExplainer() throws -> VolumeExplainer? {
        try VolumeExplainer(
            model: model, engine: Interruption.engine(threads: options.threads, memory: budget.memoryBound),
            classNames: options.labels.map { try ClassNameList(contentsOf: $0) })
    }

    /// Explains every volume: a file or folder each, or all pictures together as the slices of one.
    func explainVolumes(
        _ explainer: VolumeExplainer, _ specifications: [MethodSpecification], _ modelHash: ContentHash?
    ) throws {
        let foreign = [
            ("--box", box != nil), ("--mask", mask != nil), ("--sheet", sheet != nil), ("--check", check),
            ("--preview", preview), ("--preset", options.preset != nil), ("--resize", options.resize != nil),
        ].filter(\.1).map(\.0)
        guard foreign.isEmpty else {
            throw ValidationError(
                "The model takes volumes, and \(foreign.joined(separator: ", ")) is for pictures; leave it out.")
        }
        var files = VolumeFiles(folder: output, formats: try parsedFormats())
        try files.makeFolder()
        let versions = ["gaze": GazeVersion.text, explainer.model.engine.name: explainer.model.engine.version]
        var records: [VolumeRecord] = []
        let failures = FailureCount()
        defer { if json { try? Console.putJSON(records) } }
        let isNamed = !["auto", "structural"].contains(layer)
        let failed = try Console.forEach(stack ? ["the stack"] : images) { path in
            guard !Interruption.happened else { throw RuntimeError.cancelled }
            let start = ContinuousClock.now
            let volume = stack ? try Volume(slices: images, name: path) : try Volume(contentsOf: path)
            let explanations = try explainer.explain(
                volume, numbers: try numbers(), methods: specifications, classes: classes.map { ClassSelection($0) },
                contrast: vs, target: target, layer: isNamed ? layer : nil, settings: budget.settings()
            ) { method, error in
                if self.method != ["all"] { failures.count += 1 }
                Console.say(
                    "\(self.method == ["all"] ? "left out" : "gaze"): \(method.label): \(Console.sentence(error))")
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let top = Array(explanations.first?.ranking.prefix(5) ?? [])
            if !json {
                Console.put("\(path) (\(volume.values.shape))")
                if let head = explanations.first?.head { Console.putLines(PredictionTable.text(top, head: head)) }
            }
            for explanation in explanations {
                let slices = try explanation.drawn(try colourMap())
                let record = VolumeRecord(
                    explanation, slices, model: model, volume: stack ? images : [path], top: top,
                    versions: versions, seconds: seconds, modelHash: modelHash)
                let written = try UnfinishedWork.whole { try files.write(explanation, slices, record: record) }
                records.append(written)
                if written.score == nil || written.range.broken > 0 { failures.broken += 1 }
                if !json { show(explanation, written) }
            }
        }
        try Console.end(failed: failed, of: stack ? 1 : images.count)
        try failures.end(maps: records.count)
    }

    private func show(_ explanation: VolumeExplanation, _ record: VolumeRecord) {
        Console.put(
            "\(explanation.method.name) of \(explanation.subject), score \(PredictionTable.number(explanation.score))")
        Console.put("  score  \(explanation.statement)")
        if let layer = explanation.layer { Console.put("  layer  \(layer.layer.name): \(layer.reason)") }
        Console.put("  slice  \(record.strongestSlice + 1) of \(record.sliceEvidence.count) is the strongest")
        for (format, path) in record.files.sorted(by: { $0.key > $1.key }) {
            Console.put(
                "  \(format.padding(toLength: 5, withPad: " ", startingAt: 0))  \(path)", limit: Console.longestPath)
        }
        for note in explanation.notes { Console.say("note: \(note)") }
    }

    /// How numbers become the model's: as they are, unless --scale, --mean or --std say otherwise.
    private func numbers() throws -> VolumeNumbers {
        var preprocessing = Preprocessing(resize: .squash(width: 1, height: 1))
        (preprocessing.scale, preprocessing.mean, preprocessing.standardDeviation) = (1, [0], [1])
        try options.adjustNumbers(&preprocessing)
        return VolumeNumbers(
            scale: preprocessing.scale, mean: preprocessing.mean, standardDeviation: preprocessing.standardDeviation)
    }
}
