import Archives
import Datasets
import Evaluation
import Explanations
import Foundation
import Reports
import Runtime
import Storage
import Tensors

/// Everything that is computed about one picture: the reading, the maps, the numbers.
struct PictureMeasurement {
    /// What was computed, as it is stored.
    private(set) var found: [ContentHash: StoredResult] = [:]
    /// Methods without a map, by their position in the plan.
    private(set) var failures: [(method: Int, sentence: String)] = []
    /// Metrics that failed.
    private(set) var problems: [String] = []

    private let evaluator: Evaluator
    private let picture: PreparedPicture
    private let decoded: PreparedPicture.Decoded
    private let leftOut: Set<Int>
    private let score: TrialScore
    private let probability: Target?
    private let annotated: AnnotatedPicture
    /// What the store does not have yet, and when it was last given something.
    private var pending: [StoredResult] = []
    private var lastKept = ContinuousClock.now

    /// A map with what it was made from.
    private struct Result {
        let attribution: Attribution
        let map: Tensor<Float>?
    }

    init(
        _ evaluator: Evaluator, _ picture: PreparedPicture, _ decoded: PreparedPicture.Decoded,
        leavingOut leftOut: Set<Int>
    ) throws {
        self.evaluator = evaluator
        self.picture = picture
        self.decoded = decoded
        self.leftOut = leftOut
        let reading = try evaluator.explainer.reading(of: decoded.input)
        // No number of a table rests on scores that cannot be compared.
        if let problem = evaluator.explainer.problem(reading) { throw problem }
        let findings = try evaluator.explainer.ranked(reading)
        let finding =
            try picture.target.map { try reading.head.finding(FindingChoice(index: $0), in: reading.outputs) }
            ?? findings.first
        guard let finding else {
            throw GazeError.unsuitableChoice(
                option: "--class", head: reading.head.description.kind.rawValue,
                advice: "it says nothing about this picture")
        }
        guard finding.score.isFinite else {
            throw ExplanationError.notFinite(what: "The score of class \(finding.index)", count: 1)
        }
        let score = try reading.head.score(
            of: finding, ScoreRequest(names: reading.labels.shown), in: reading.outputs)
        self.score = score.tried
        probability = score.probability(in: reading.head.description)
        let ranks: Bool =
            switch reading.head.description.kind {
            case .classifier, .multiLabel, .binary: true
            case .regression, .embedding, .segmentation, .fullyConvolutional, .sequence, .detector, .picture: false
            }
        let rank = ranks ? picture.trueIndex.flatMap { index in findings.firstIndex { $0.index == index } } : nil
        annotated = try AnnotatedPicture(
            picture.entry, mask: picture.mask, photo: (decoded.width, decoded.height), explained: finding.index,
            rank: rank,
            label: picture.trueIndex.map { "class \($0)" } ?? picture.entry.label?.text,
            classes: evaluator.classes)
        let answer = try row(
            picture.readingKey, method: "", metric: "reading", value: finding.probability,
            StoredReading(index: finding.index, probability: finding.probability, rank: rank))
        found[answer.key] = answer
        pending = [answer]
    }

    /// Makes the maps that are missing something, and measures them.
    mutating func measure() throws {
        do { try measureMissing() } catch {
            try keepPending()
            throw error
        }
        try keepPending()
    }

    /// A transaction waits for the disk longer than many metrics take: a picture's results go together, or those of a second.
    private mutating func keep(_ rows: [StoredResult]) throws {
        pending += rows
        for row in rows { found[row.key] = row }
        if ContinuousClock.now - lastKept > .seconds(1) { try keepPending() }
    }

    private mutating func keepPending() throws {
        try UnfinishedWork.whole { try evaluator.store.keep(pending) }
        pending = []
        lastKept = .now
    }

    private mutating func measureMissing() throws {
        let wanted = evaluator.methods.indices.filter {
            !leftOut.contains($0) && (!picture.missing($0).isEmpty || picture.lacksTime($0, evaluator))
        }
        let comparesMethods = wanted.contains { method in
            picture.missing(method).contains { evaluator.metrics[$0].description.comparesMethods }
        }
        let mapped =
            comparesMethods
            ? evaluator.methods.indices.filter {
                !leftOut.contains($0) && (wanted.contains($0) || !evaluator.methods[$0].method.isReference)
            } : wanted
        var results: [Int: Result] = [:]
        var experiments: [String?: Experiment] = [:]
        for layer in Set(mapped.map { evaluator.methods[$0].method.layer }).sorted(by: { ($0 ?? "") < ($1 ?? "") }) {
            let group = mapped.filter { evaluator.methods[$0].method.layer == layer }
            let query = query(group, layer: layer)
            results.merge(try maps(group, query)) { _, new in new }
            experiments[layer] = try evaluator.explainer.attributor.experiments(
                on: query, samples: 1, label: "evaluation", settings: measuring)[0]
        }
        for method in wanted {
            guard let result = results[method], let experiment = experiments[evaluator.methods[method].method.layer]
            else { continue }
            let others = mapped.filter { $0 != method && !evaluator.methods[$0].method.isReference }.compactMap {
                other in
                results[other]?.map.map { (evaluator.methods[other].method.specification, $0) }
            }
            try measure(method, result, experiment, others: comparesMethods ? others : [])
        }
    }

    // MARK: Maps

    /// What methods may use; time is for methods, metrics are not cut short.
    private var running: RunSettings {
        var settings = evaluator.plan.settings
        settings.space = settings.space ?? evaluator.explainer.preprocessing.space
        return settings
    }

    /// Metrics ask for one score of a few dozen changed pictures. Few at once stay in the processor's caches: EfficientNet-Lite0
    /// is 1.4 times as fast as with all at once, ResNet-50 as fast.
    private static let metricMemory = 20 << 20

    private var measuring: RunSettings {
        var settings = running
        settings.memory = min(settings.memory, Self.metricMemory)
        settings.time = nil
        settings.progress = nil
        return settings
    }

    private func query(_ group: [Int], layer: String?) -> Query {
        Query(
            inputs: evaluator.explainer.inputs(with: decoded.input), target: score.target, text: score.text,
            methods: group.map { evaluator.methods[$0].method.specification },
            layer: layer ?? evaluator.explainer.defaultLayer, explained: evaluator.explainer.pictureInput,
            readMask: score.readMask)
    }

    /// The maps of methods at one layer; those that fail are listed.
    private mutating func maps(_ group: [Int], _ query: Query) throws -> [Int: Result] {
        let answers: [(method: MethodSpecification, result: Swift.Result<Attribution, any Error>)]
        do {
            answers = try evaluator.explainer.attributor.attempt(query, settings: running)
        } catch let error where error as? RuntimeError != .cancelled && group.count == 1 {
            fail(group[0], error)
            return [:]
        }
        // What an interrupted method has is no result.
        guard evaluator.plan.settings.cancellation?.isCancelled != true else { throw RuntimeError.cancelled }
        let planes = planes
        var results: [Int: Result] = [:]
        for (method, answer) in zip(group, answers) {
            switch answer.result {
            case .success(let attribution):
                let map = planes.flatMap {
                    attribution.map(ofSample: 0, display: evaluator.methods[method].display, over: $0)
                }
                results[method] = Result(attribution: attribution, map: map)
            case .failure(let error): fail(method, error)
            }
        }
        return results
    }

    /// The picture's channels, rows and columns in the model's input.
    private var planes: PicturePlanes? {
        let explainer = evaluator.explainer
        return explainer.attributor.planes(
            of: explainer.pictureInput, in: [explainer.pictureInput: decoded.input])
    }

    private mutating func fail(_ method: Int, _ error: any Error) {
        failures.append((method, "\(evaluator.methods[method].method.label): \(SystemReason.sentence(error))"))
    }

    // MARK: Numbers

    private mutating func measure(
        _ method: Int, _ result: Result, _ experiment: Experiment,
        others: [(method: MethodSpecification, map: Tensor<Float>)]
    ) throws {
        let planned = evaluator.methods[method]
        var rows: [StoredResult] = []
        let layer = result.attribution.layer?.layer.tensorName
        let subject = try subject(planned, result, experiment, others: others)
        for metric in picture.missing(method) {
            guard let key = picture.keys[method][metric] else { continue }
            let start = ContinuousClock.now
            var stored = StoredMeasurement(layer: layer)
            do {
                stored.measurement = try evaluator.metrics[metric].measurement(of: subject, annotated)
            } catch EvaluationError.undefined(_, let reason) {
                stored.undefined = reason
            } catch RuntimeError.cancelled {
                throw RuntimeError.cancelled
            } catch {
                problems.append(
                    "\(evaluator.metrics[metric].label) of \(planned.method.label): \(SystemReason.sentence(error))")
                continue
            }
            guard evaluator.plan.settings.cancellation?.isCancelled != true else { throw RuntimeError.cancelled }
            rows.append(
                try row(
                    key, method: planned.text, metric: evaluator.metrics[metric].text,
                    value: stored.measurement?.value, stored, seconds: (ContinuousClock.now - start) / .seconds(1)))
        }
        if let key = picture.timeKeys[method], picture.known[key] == nil {
            let seconds = planned.isProcedure ? result.attribution.seconds : try timeAlone(planned)
            rows.append(
                try row(key, method: planned.text, metric: "seconds", value: seconds, seconds, seconds: seconds))
        }
        try keep(rows)
    }

    /// What metrics are asked about; nil where the result is no map of numbers.
    private func subject(
        _ planned: PlannedMethod, _ result: Result, _ experiment: Experiment,
        others: [(method: MethodSpecification, map: Tensor<Float>)]
    ) throws -> EvaluationSubject? {
        guard let map = result.map, map.elements.allSatisfy(\.isFinite), let planes else { return nil }
        return EvaluationSubject(
            experiment: experiment,
            probability: try probability.map { try experiment.experiment(about: $0) },
            method: planned.method.specification, display: planned.display,
            raw: result.attribution.values.slice(0), map: map,
            truth: try annotated.truth(
                result.attribution, planned.display, planes,
                planned.method.isOfPhotograph ? decoded.wholeGeometry : decoded.geometry),
            others: others,
            seed: picture.image.bytes.prefix(8).reduce(evaluator.plan.seed) { $0 &* 257 &+ UInt64($1) })
    }

    /// Seconds of a graph method's own run; the first one compiles it.
    private func timeAlone(_ planned: PlannedMethod) throws -> Double {
        guard let position = evaluator.methods.firstIndex(where: { $0.text == planned.text }) else { return .nan }
        let query = query([position], layer: planned.method.layer)
        _ = try evaluator.explainer.attributor.attribute(query, settings: running)
        return try evaluator.explainer.attributor.attribute(query, settings: running)[0].seconds
    }

    private func row(
        _ key: ContentHash, method: String, metric: String, value: Double?, _ content: some Encodable,
        seconds: Double = 0
    ) throws -> StoredResult {
        StoredResult(
            key: key, model: evaluator.explainer.model.path, image: picture.entry.image, method: method,
            metric: metric, value: value, content: try StoredResult.encode(content), seconds: seconds)
    }
}

extension PlannedMetric {
    /// What the metric finds; a number that is none is undefined.
    fileprivate func measurement(of subject: EvaluationSubject?, _ annotated: AnnotatedPicture) throws
        -> Evaluation.Measurement
    {
        guard let subject else {
            throw EvaluationError.undefined(measure: label, reason: "the result is no map of numbers over the picture")
        }
        // What asks for the model's ranking, too, may be wrong without a box.
        if metric.needs.contains(.box), !metric.needs.contains(.label), annotated.boxes.isEmpty {
            throw EvaluationError.undefined(measure: label, reason: "no box is of the explained class")
        }
        let measurement = try metric.measurement(of: subject)
        guard measurement.value.isFinite else {
            throw EvaluationError.undefined(measure: label, reason: "the result is not a number")
        }
        return measurement
    }
}
