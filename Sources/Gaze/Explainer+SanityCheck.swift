import Archives
public import Evaluation
public import Explanations
public import Imaging
import Synchronization
import Tensors

/// What a sanity check found.
public struct SanityCheckOutcome: Sendable {
    /// Verdicts, numbers and curves.
    public let report: SanityReport
    /// Every comparison, and the first picture's maps.
    package let measurements: SanityMeasurements
    /// The first picture that was compared.
    package let picture: Picture?
    /// What failed and why: pictures by path, methods by label.
    public let failures: [(name: String, error: any Error)]
}

extension Explainer {
    /// Compares maps with those of the same model with random parameters; see `SanityCheck`.
    ///
    /// What is explained is what the model finds most likely in every picture.
    /// - Parameters:
    ///   - pictures: Names, and what reads each picture; one that fails takes no other with it.
    ///   - methods: What is checked.
    ///   - layer: A layer or tensor name; nil is the sidecar's, else the automatic choice by structure.
    ///   - options: How the model is randomised.
    ///   - other: The same network trained on permuted labels; maps of both are compared.
    ///   - settings: Limits of every map; its progress tells how many comparisons are done.
    /// - Throws: `RuntimeError.cancelled` where it was interrupted before the model's own maps were made; what fails for all
    ///   pictures or methods alike.
    public func sanityCheck(
        _ pictures: [(name: String, read: () throws -> Picture)], methods: [MethodSpecification] = SanityCheck.methods,
        layer: String? = nil, options: SanityCheckOptions = SanityCheckOptions(), randomLabels other: Explainer? = nil,
        settings: RunSettings = RunSettings()
    ) throws -> SanityCheckOutcome {
        var failures: [(String, any Error)] = []
        var subjects: [SanityCheck.Subject] = []
        var first: (name: String, picture: Picture)?
        for (name, read) in pictures {
            if settings.cancellation?.isCancelled == true { throw RuntimeError.cancelled }
            do {
                let picture = try read()
                let inputs = try inputs(for: picture)
                subjects.append(
                    SanityCheck.Subject(
                        name: name, inputs: inputs,
                        score: try mostLikelyScore(inputs, in: attributor, refusingBroken: true)))
                if first == nil { first = (name, picture) }
            } catch { failures.append((name, error)) }
        }
        if subjects.isEmpty, let failure = failures.first { throw failure.1 }
        var settings = settings
        settings.space = settings.space ?? preprocessing.space
        let collected = Collected()
        let check = SanityCheck(
            attributor, explained: pictureInput, methods: methods, layer: layer ?? defaultLayer, options: options,
            settings: settings, other: other.map { other in otherModel(other) },
            mostLikely: { [self] randomised, inputs in try mostLikelyScore(inputs, in: randomised) },
            failed: { name, error in collected.add(name, error) })
        let measurements = try check.measurements(of: subjects)
        failures += collected.failures
        let report = SanityReport(measurements, options: options, model: model.path)
        return SanityCheckOutcome(
            report: report, measurements: measurements,
            picture: first?.name == measurements.pictures.first ? first?.picture : nil,
            failures: failures)
    }

    /// Verdicts on the maps of one score; nothing where no check is asked for. A check that fails takes no map with it.
    func checks(
        _ options: SanityCheckOptions?, of methods: [MethodSpecification], on input: AnyTensor, _ score: TrialScore,
        layer: String?, _ chosen: LayerChoice?, _ settings: RunSettings
    ) throws -> MapChecks {
        guard let options, !methods.isEmpty else { return MapChecks() }
        var settings = settings
        settings.space = settings.space ?? preprocessing.space
        let collected = Collected()
        do {
            let check = SanityCheck(
                attributor, explained: pictureInput, methods: methods, layer: layer ?? defaultLayer, chosen: chosen,
                options: options, settings: settings,
                mostLikely: { [self] randomised, inputs in
                    // What has no classes keeps its score, in every picture.
                    (try? mostLikelyScore(inputs, in: randomised)) ?? score
                }, failed: { name, error in collected.add(name, error) })
            let subject = SanityCheck.Subject(name: "the picture", inputs: inputs(with: input), score: score)
            let measured = try check.measurements(of: [subject])
            if measured.wasInterrupted { throw RuntimeError.cancelled }
            let report = SanityReport(measured, options: options, model: model.path)
            return MapChecks(
                results: Dictionary(
                    zip(measured.methods, report.methods).map { ($0, $1) }, uniquingKeysWith: { first, _ in first }),
                notes: report.notes.map { "in the check, \($0)" }
                    + collected.failures.map { "\($0.0) could not be checked: \($0.1)" })
        } catch RuntimeError.cancelled {
            throw RuntimeError.cancelled
        } catch {
            return MapChecks(notes: ["the map could not be checked: \(SystemReason.sentence(error))"])
        }
    }

    /// The score of what a model with this graph finds most likely.
    ///
    /// - Parameter refusingBroken: Whether NaN or infinity among other scores is an error: no verdict rests on scores that
    ///   cannot be compared. A randomised model may overflow.
    private func mostLikelyScore(
        _ inputs: [String: AnyTensor], in attributor: Attributor, refusingBroken: Bool = false
    ) throws -> TrialScore {
        let reading = try reading(of: inputs, in: attributor)
        if refusingBroken, let problem = problem(reading) { throw problem }
        guard let finding = try ranked(reading).first else { throw model.unknownOutputs() }
        return try reading.head.score(
            of: finding, ScoreRequest(names: reading.labels.shown), in: reading.outputs
        ).tried
    }

    /// The other model with its score of the class that this model finds most likely.
    private func otherModel(_ other: Explainer) -> SanityCheck.OtherModel {
        SanityCheck.OtherModel(other.attributor, explained: other.pictureInput) { [self] subject in
            let own = try reading(of: subject.inputs, in: attributor)
            guard let finding = try ranked(own).first else { throw model.unknownOutputs() }
            var inputs = subject.inputs
            inputs[other.pictureInput] = inputs.removeValue(forKey: pictureInput)
            let answer = try other.reading(of: inputs, in: other.attributor)
            let same = try answer.head.finding(FindingChoice(index: finding.index), in: answer.outputs)
            return try answer.head.score(of: same, ScoreRequest(names: own.labels.shown), in: answer.outputs).tried
        }
    }
}

/// Verdicts on maps of one score.
struct MapChecks {
    var results: [MethodSpecification: SanityReport.MethodResult] = [:]
    /// What a reader should know about all of them.
    var notes: [String] = []
}

/// What failed, from any thread.
private final class Collected: Sendable {
    private let entries = Mutex<[(name: String, error: any Error)]>([])

    var failures: [(String, any Error)] { entries.withLock { $0.map { ($0.name, $0.error) } } }

    func add(_ name: String, _ error: any Error) { entries.withLock { $0.append((name, error)) } }
}
