public import Datasets
import Evaluation
import Explanations
import Foundation
import Imaging
public import Reports
import Runtime
public import Storage
import Tensors

/// Measures methods over a data set; what its store knows is not computed again.
///
/// ```swift
/// let evaluator = try Evaluator(explainer, plan: plan, store: ResultStore(path: "results.sqlite"))
/// let evaluation = try evaluator.evaluate(dataset)
/// print(evaluator.summary(of: evaluation).table)
/// ```
public struct Evaluator: Sendable {
    /// The model with its preprocessing.
    public let explainer: Explainer
    /// What is measured.
    public let plan: EvaluationPlan
    /// What the model's output means.
    public let head: HeadDescription
    let store: ResultStore
    let methods: [PlannedMethod]
    let metrics: [PlannedMetric]
    /// What its classes are called.
    public let labels: ClassLabels
    let classes: TrueClasses
    /// The class that somebody named.
    let named: Int?
    let key: EvaluationKey

    /// Fails where a method or metric does not exist, or what the model's outputs mean is not known.
    ///
    /// - Parameter store: Where results are kept; in memory by default.
    public init(_ explainer: Explainer, plan: EvaluationPlan, store: ResultStore? = nil) throws {
        self.explainer = explainer
        self.plan = plan
        self.store = try store ?? ResultStore()
        methods = try plan.methods.map { try PlannedMethod($0) }
        metrics = try plan.metrics.map { try PlannedMetric($0) }
        // What the outputs mean does not depend on what the picture shows.
        let side = explainer.preprocessing.resize
        head = try explainer.headDescription(of: Picture(width: side.width, height: side.height))
        labels = try explainer.labels(for: head)
        classes = TrueClasses(
            head, names: labels.names,
            identifiers: labels.identifiers.merging(plan.identifiers) { _, given in given })
        if case .named(let text) = plan.explained {
            named = try labels.index(of: text, in: head)
        } else {
            named = nil
        }
        key = try EvaluationKey(
            model: explainer.model.contentHash(), preprocessing: explainer.preprocessing,
            array: explainer.channelReading.array,
            inputs: explainer.inputs(for: Picture(width: side.width, height: side.height)),
            explained: explainer.pictureInput, layer: explainer.defaultLayer, time: plan.settings.time,
            seed: plan.seed)
    }

    /// Measures every picture; one that cannot be read is listed and left out.
    ///
    /// The next picture is read while the engine runs. An interrupt (`RunSettings.cancellation`) ends the run with what is
    /// finished.
    public func evaluate(
        _ dataset: Dataset, listener: EvaluationListener = EvaluationListener()
    ) throws -> EvaluationResult {
        var run = EvaluationRun(self, said: listener.said)
        let start = ContinuousClock.now
        func prepared(_ position: Int) -> Concurrent<PreparedPicture>? {
            guard dataset.entries.indices.contains(position) else { return nil }
            let entry = dataset.entries[position]
            let leftOut = run.givenUp
            return Concurrent { try PreparedPicture(entry, position: position, for: self, leavingOut: leftOut) }
        }
        var next = prepared(0)
        for (position, entry) in dataset.entries.enumerated() {
            let current = next
            next = prepared(position + 1)
            do {
                guard let picture = try current?.get() else { continue }
                guard plan.settings.cancellation?.isCancelled != true else { throw RuntimeError.cancelled }
                try listener.found(run.measure(picture))
            } catch RuntimeError.cancelled {
                run.evaluation.isComplete = false
                break
            } catch let error as StorageError {
                throw error
            } catch let error as ReportError {
                throw error
            } catch  where plan.settings.cancellation?.isCancelled == true {
                // Where the engine is stopped, other errors follow.
                run.evaluation.isComplete = false
                break
            } catch {
                run.skip(entry, because: error)
            }
            listener.progress(
                EvaluationProgress(
                    done: position + 1 - run.evaluation.problems.count, failed: run.evaluation.problems.count,
                    total: dataset.entries.count, computed: run.computed,
                    elapsed: ContinuousClock.now - start))
        }
        run.finish()
        return run.evaluation
    }
}

/// What an evaluation found.
public struct EvaluationResult: Sendable {
    /// Picture by picture, method by method, in the order of the data set and the plan.
    public internal(set) var records: [EvaluationRecord] = []
    /// Pictures that are left out, one sentence each.
    public internal(set) var problems: [String] = []
    /// Methods and metrics that failed, one sentence each.
    public internal(set) var failures: [String] = []
    /// What a reader should know.
    public internal(set) var notes: [String] = []
    /// Whether all pictures were reached.
    public var isComplete = true
    /// Method by method, metric by metric: what was found at each picture that counts.
    package internal(set) var measurements: [[[Evaluation.Measurement]]] = []
    /// Method by method, metric by metric, picture by picture: nil where there is no number, so that pictures stay side by side.
    package internal(set) var values: [[[Double?]]] = []
    /// How many numbers were measured in this run.
    public internal(set) var measuredCount = 0
    /// How many numbers the store knew.
    public internal(set) var reusedCount = 0
    /// Method by method: seconds a map.
    package internal(set) var seconds: [[Double]] = []
}
