import Archives
import Datasets
import Evaluation
import Explanations
import Foundation
import Reports
import Runtime
import Storage
import Tensors

/// The state of an evaluation: goes from picture to picture and gathers what is found.
struct EvaluationRun {
    private(set) var computed = 0
    /// How many pictures were measured, or known.
    private var pictures = 0
    var evaluation = EvaluationResult()
    private let evaluator: Evaluator
    private let said: (String) -> Void
    /// Methods that failed at some pictures, and how often they succeeded.
    private var failed: [Int: Int] = [:]
    private var succeeded: Set<Int> = []
    /// Pictures whose annotation has not what a metric needs, by metric.
    private var unmet: [Int]
    private var unknownLabels = 0
    /// Pictures at which some method has no number though the annotation holds what is needed, and the first reason, by metric.
    private var undefined: [(pictures: Int, reason: String)]

    /// Methods that fit no picture so far.
    var givenUp: Set<Int> {
        Set(failed.filter { $0.value >= Self.attempts && !succeeded.contains($0.key) }.map(\.key))
    }

    /// A method that fits no picture so far is given up after so many.
    private static let attempts = 2

    init(_ evaluator: Evaluator, said: @escaping (String) -> Void) {
        self.evaluator = evaluator
        self.said = said
        evaluation.notes = [evaluator.labels.note].compactMap(\.self) + evaluator.explainer.inputNotes
        unmet = evaluator.metrics.map { _ in 0 }
        undefined = evaluator.metrics.map { _ in (0, "") }
        evaluation.measurements = evaluator.methods.map { _ in evaluator.metrics.map { _ in [] } }
        evaluation.values = evaluation.measurements.map { $0.map { _ in [] } }
        evaluation.seconds = evaluator.methods.map { _ in [] }
    }

    /// Measures what is missing of a picture, and says all that is known of it then.
    mutating func measure(_ picture: PreparedPicture) throws -> [EvaluationRecord] {
        var known = picture.known
        if !picture.damaged.isEmpty { sayDamaged(picture) }
        if let decoded = picture.decoded {
            var measuring = try PictureMeasurement(evaluator, picture, decoded, leavingOut: givenUp)
            try measuring.measure()
            known.merge(measuring.found) { _, new in new }
            for (method, sentence) in measuring.failures {
                failed[method, default: 0] += 1
                fail(sentence)
            }
            measuring.problems.forEach { fail($0) }
            computed += 1
        }
        let records = try gather(picture, known)
        evaluation.records += records
        pictures += 1
        for (metric, planned) in evaluator.metrics.enumerated() where !planned.isMet(by: picture) { unmet[metric] += 1 }
        if picture.entry.label != nil, picture.trueIndex == nil { unknownLabels += 1 }
        return records
    }

    /// Lists a picture that cannot be measured.
    mutating func skip(_ entry: DatasetEntry, because error: any Error) {
        let text = SystemReason.sentence(error).split(whereSeparator: \.isNewline).joined(separator: " ")
        let sentence = text.contains(entry.image) ? text : "\(entry.image): \(text)"
        evaluation.problems.append(sentence)
        said(sentence)
    }

    /// Says at the end what does not count.
    mutating func finish() {
        for (metric, count) in zip(evaluator.metrics, unmet) where count > 0 {
            let needs = metric.metric.needs.map(\.rawValue).sorted().joined(separator: " and ")
            evaluation.notes.append(
                "\(metric.label) needs a \(needs): \(count == pictures ? "no picture has one" : "\(count) of \(pictures) pictures have none and do not count")"
            )
        }
        for (metric, (count, reason)) in zip(evaluator.metrics, undefined) where count > 0 {
            evaluation.notes.append(
                "\(metric.label) has no number of some method at \(count) of \(pictures) pictures, which do not count there (\(reason))"
            )
        }
        if unknownLabels > 0, evaluator.plan.explained == .truth {
            evaluation.notes.append(
                "the class of \(unknownLabels) of \(pictures) pictures is none of the model's: their highest class is explained (--class-map says what the model calls them; WordNet identifiers are known where the lines of --labels begin with them)"
            )
        }
    }

    /// Names the stored results that are not as they were written.
    private mutating func sayDamaged(_ picture: PreparedPicture) {
        var names = picture.damaged.contains(picture.readingKey) ? ["what the model says"] : []
        for (position, method) in evaluator.methods.enumerated() {
            for (metric, key) in picture.keys[position].enumerated() where key.map(picture.damaged.contains) ?? false {
                names.append("\(evaluator.metrics[metric].label) of \(method.method.label)")
            }
            if picture.timeKeys[position].map(picture.damaged.contains) ?? false {
                names.append("the time of \(method.method.label)")
            }
        }
        let sentence =
            "stored results of \(picture.entry.image) are not as they were written and are measured again: \(names.joined(separator: ", "))"
        evaluation.notes.append(sentence)
        said(sentence)
    }

    private mutating func fail(_ sentence: String) {
        guard !evaluation.failures.contains(sentence) else { return }
        evaluation.failures.append(sentence)
        said(sentence)
    }

    /// The records of a picture from what is stored about it.
    private mutating func gather(
        _ picture: PreparedPicture, _ known: [ContentHash: StoredResult]
    ) throws -> [EvaluationRecord] {
        guard let stored = known[picture.readingKey] else { return [] }
        let reading = try StoredResult.decode(StoredReading.self, from: stored)
        var records: [EvaluationRecord] = []
        var withoutNumber: [Int: String] = [:]
        for (position, planned) in evaluator.methods.enumerated() {
            var values: [String: Double] = [:]
            var undefined: [String: String] = [:]
            var layer: String?
            for (metric, key) in picture.keys[position].enumerated() {
                guard let key, let row = known[key] else {
                    evaluation.values[position][metric].append(nil)
                    continue
                }
                if picture.known[key] == nil { evaluation.measuredCount += 1 } else { evaluation.reusedCount += 1 }
                let result = try StoredResult.decode(StoredMeasurement.self, from: row)
                layer = result.layer
                evaluation.values[position][metric].append(result.measurement?.value)
                if let measurement = result.measurement {
                    values[evaluator.metrics[metric].label] = measurement.value
                    evaluation.measurements[position][metric].append(measurement)
                } else {
                    undefined[evaluator.metrics[metric].label] = result.undefined ?? ""
                    withoutNumber[metric] = withoutNumber[metric] ?? result.undefined ?? ""
                }
            }
            if let key = picture.timeKeys[position], let row = known[key] {
                evaluation.seconds[position].append(row.seconds)
            }
            guard !values.isEmpty || !undefined.isEmpty else { continue }
            succeeded.insert(position)
            records.append(
                EvaluationRecord(
                    image: picture.entry.image, method: planned.method.label, layer: layer, index: reading.index,
                    name: evaluator.head.name(of: reading.index, names: evaluator.labels.shown),
                    label: picture.entry.label?.text, rank: reading.rank,
                    probability: reading.probability.flatMap { $0.isFinite ? $0 : nil },
                    values: values, undefined: undefined))
        }
        for (metric, reason) in withoutNumber {
            let before = self.undefined[metric]
            self.undefined[metric] = (before.pictures + 1, before.pictures == 0 ? reason : before.reason)
        }
        return records
    }
}

extension StoredResult {
    /// The JSON of a result; numbers come back bit for bit.
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(value)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from result: StoredResult) throws -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do { return try decoder.decode(type, from: result.content) } catch {
            throw StorageError.unreadable(metric: result.metric, method: result.method, image: result.image)
        }
    }
}
