import Datasets
import Evaluation
import Explanations
import Foundation
import Imaging
import Storage
import Tensors

/// A picture of a data set with what the store knows about it; decoded where something is missing.
struct PreparedPicture: Sendable {
    /// The picture as the model takes it.
    struct Decoded: Sendable {
        let width: Int
        let height: Int
        let input: AnyTensor
        let geometry: PictureGeometry
        /// That of a map which lies over the whole picture.
        let wholeGeometry: PictureGeometry
    }

    let entry: DatasetEntry
    let image: ContentHash
    /// The bytes of the mask's file.
    let mask: Data?
    let trueIndex: Int?
    /// The explained class; nil where it is the highest one.
    let target: Int?
    let readingKey: ContentHash
    /// Method by method, metric by metric; nil where the picture has not what the metric needs.
    private(set) var keys: [[ContentHash?]] = []
    /// Method by method, where its time is measured at this picture.
    private(set) var timeKeys: [ContentHash?] = []
    private(set) var known: [ContentHash: StoredResult] = [:]
    private(set) var decoded: Decoded?

    /// Graph methods share their run, so each is timed alone, at this many pictures.
    static let timedPictures = 3

    init(_ entry: DatasetEntry, position: Int, for evaluator: Evaluator, leavingOut leftOut: Set<Int>) throws {
        self.entry = entry
        let file = try Data(contentsOf: URL(fileURLWithPath: entry.image))
        image = ContentHash(of: file)
        mask = try entry.mask.map { try Data(contentsOf: URL(fileURLWithPath: $0.file)) }
        let trueIndex = evaluator.classes.index(of: entry.label)
        self.trueIndex = trueIndex
        target = evaluator.named ?? (evaluator.plan.explained == .truth ? trueIndex : nil)
        let (image, rule) = (image, target.map { "class \($0)" } ?? "top")
        func key(_ method: String, _ metric: String, _ truth: String) -> ContentHash {
            evaluator.key.hash(image: image, target: rule, method: method, metric: metric, truth: truth)
        }
        readingKey = key("", "reading", "class \(trueIndex.map(String.init) ?? "")")
        let truth = EvaluationKey.text(of: entry, label: trueIndex, mask: mask)
        let everyone = evaluator.methods.filter { !$0.method.isReference }.map(\.text).joined(separator: "\n")
        for method in evaluator.methods {
            keys.append(
                evaluator.metrics.map { metric in
                    guard metric.isMet(by: self), method.method.isAsked(metric.description) else { return nil }
                    var context = metric.description.needs.isEmpty ? "" : truth
                    if metric.description.comparesMethods { context += everyone }
                    return key(method.text, metric.text, context)
                })
            let isTimed = !method.method.isReference && (method.isProcedure || position < Self.timedPictures)
            timeKeys.append(isTimed ? key(method.text, "seconds", "") : nil)
        }
        known = try evaluator.store.results(
            for: [readingKey] + keys.flatMap { $0.compactMap { $0 } } + timeKeys.compactMap { $0 })
        if !isComplete(evaluator, leavingOut: leftOut) {
            let picture = try Picture(decoding: file, name: entry.image)
            var whole = evaluator.explainer.preprocessing
            whole.resize = .squash(width: whole.resize.width, height: whole.resize.height)
            decoded = Decoded(
                width: picture.width, height: picture.height,
                input: try evaluator.explainer.preprocessing.input(from: picture),
                geometry: try evaluator.explainer.preprocessing.geometry(for: picture),
                wholeGeometry: try whole.geometry(for: picture))
        }
    }

    /// The metrics that a method lacks.
    func missing(_ method: Int) -> [Int] {
        keys[method].indices.filter { metric in keys[method][metric].map { known[$0] == nil } ?? false }
    }

    /// Whether a graph method's time is to be measured here. A procedure's time comes with its map.
    func lacksTime(_ method: Int, _ evaluator: Evaluator) -> Bool {
        guard !evaluator.methods[method].isProcedure, let key = timeKeys[method] else { return false }
        return known[key] == nil
    }

    private func isComplete(_ evaluator: Evaluator, leavingOut leftOut: Set<Int>) -> Bool {
        known[readingKey] != nil
            && evaluator.methods.indices.allSatisfy {
                leftOut.contains($0) || missing($0).isEmpty && !lacksTime($0, evaluator)
            }
    }
}
