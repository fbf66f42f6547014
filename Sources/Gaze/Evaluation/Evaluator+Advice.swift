import Archives
public import Datasets
public import Evaluation
public import Explanations
import Foundation
import Imaging
import Reports
import Runtime
import Storage

extension Evaluator {
    /// The metrics that advice rests on; a plan without them gives none.
    public static let advisedMetrics = ["deletion", "insertion"]

    /// How many pictures a sanity check for advice looks at.
    public static let checkedPictures = 10

    /// Ranks the methods that were measured, and says which to use; verdicts of the sanity check that the store knows are not
    /// measured again.
    ///
    /// - Parameters:
    ///   - dataset: What was evaluated.
    ///   - evaluation: What was found.
    ///   - checking: How many of the pictures the sanity check looks at.
    ///   - progress: Told how far the sanity check is.
    ///   - failed: Told which method or picture could not be checked and why.
    /// - Throws: `RuntimeError.cancelled` where it was interrupted; `GazeError.noAdvice` where the plan leaves deletion or insertion out.
    public func advice(
        on dataset: Dataset, _ evaluation: EvaluationResult, checking: Int = Evaluator.checkedPictures,
        progress: (@Sendable (RunProgress) -> Void)? = nil, failed: (String) -> Void = { _ in }
    ) throws -> EvaluationAdvice {
        let positions = try Self.advisedMetrics.map { name in
            guard let position = metrics.firstIndex(where: { $0.description.name == name }) else {
                throw GazeError.noAdvice(missing: name)
            }
            return position
        }
        let localisation = ["box-iou", "pxap"].compactMap { name in
            metrics.firstIndex { $0.description.name == name }
        }.first { position in evaluation.values.contains { $0[position].contains { $0 != nil } } }
        let (verdicts, checked) = try verdicts(on: dataset, checking: checking, progress: progress, failed: failed)
        let times = times(of: evaluation)
        let evidence = methods.enumerated().map { index, planned in
            let values = evaluation.values[index]
            return MethodEvidence(
                label: planned.method.label, isReference: planned.method.isReference, verdict: verdicts[index],
                faithfulness: zip(values[positions[0]], values[positions[1]]).map { deletion, insertion in
                    deletion.flatMap { deletion in insertion.map { $0 - deletion } }
                },
                localisation: localisation.map { values[$0] } ?? [],
                seconds: times.first { $0.method == planned.method.label }?.value)
        }
        return EvaluationAdvice(
            evidence, localisationMetric: localisation.map { metrics[$0].label }, checkedPictures: checked,
            seed: plan.seed)
    }

    /// What the sanity check of the upper half of the layers says about each method that is no reference.
    private func verdicts(
        on dataset: Dataset, checking: Int, progress: (@Sendable (RunProgress) -> Void)?, failed: (String) -> Void
    ) throws -> (verdicts: [Int: SanityVerdict], pictures: Int) {
        var pictures: [(name: String, picture: Picture, hash: ContentHash)] = []
        for entry in dataset.thinned(to: checking).entries {
            // What cannot be read was listed before.
            guard
                let file = try? FileContents.data(
                    path: entry.image, maximumBytes: DecodingLimits.standard.maximumFileBytes),
                let picture = try? Picture(decoding: file, name: entry.image)
            else { continue }
            pictures.append((entry.image, picture, ContentHash(of: file)))
        }
        guard !pictures.isEmpty else { return ([:], 0) }
        let options = SanityCheckOptions(isUpperHalfEnough: true)
        let candidates = methods.indices.filter { !methods[$0].method.isReference }
        // The verdict is what is kept, so its rule belongs to the question.
        let question = "\(options) \(SanityJudgement.rule)"
        let keys = Dictionary(
            uniqueKeysWithValues: candidates.map {
                ($0, key.hash(images: pictures.map(\.hash), method: methods[$0].text, check: question))
            })
        var known = try store.results(for: Array(keys.values))
        let missing = candidates.filter { keys[$0].map { known[$0] == nil } ?? false }
        for layer in Set(missing.map { methods[$0].method.layer }).sorted(by: { ($0 ?? "") < ($1 ?? "") }) {
            let group = missing.filter { methods[$0].method.layer == layer }
            var settings = plan.settings
            settings.progress = progress
            let outcome: SanityCheckOutcome
            do {
                outcome = try explainer.sanityCheck(
                    pictures.map { picture in (picture.name, { picture.picture }) },
                    methods: group.map { methods[$0].method.specification }, layer: layer, options: options,
                    settings: settings)
            } catch let error where error as? RuntimeError != .cancelled {
                failed("the sanity check: \(SystemReason.sentence(error))")
                continue
            }
            guard plan.settings.cancellation?.isCancelled != true else { throw RuntimeError.cancelled }
            for failure in outcome.failures { failed("the sanity check of \(failure.name): \(failure.error)") }
            let rows = try group.compactMap { method -> StoredResult? in
                let specification = methods[method].method.specification
                guard let key = keys[method],
                    let result = outcome.report.methods.first(where: {
                        $0.label == specification.label && $0.method == specification.name
                    })
                else { return nil }
                return StoredResult(
                    key: key, model: explainer.model.path, image: "", method: methods[method].text,
                    metric: "sanity check", value: nil, content: try StoredResult.encode(result), seconds: 0)
            }
            try UnfinishedWork.whole { try store.keep(rows) }
            for row in rows { known[row.key] = row }
        }
        var verdicts: [Int: SanityVerdict] = [:]
        for (method, key) in keys {
            guard let row = known[key] else { continue }
            verdicts[method] = try StoredResult.decode(SanityReport.MethodResult.self, from: row).verdict
        }
        return (verdicts, pictures.count)
    }
}
