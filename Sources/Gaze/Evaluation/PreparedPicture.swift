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

    /// Once the picture is decoded, with boxes as it stands upright.
    private(set) var entry: DatasetEntry
    let image: ContentHash
    /// The mask's labels over the upright picture; nil until it is decoded.
    private(set) var mask: LabelPicture?
    let trueIndex: Int?
    /// The explained class; nil where it is the highest one.
    let target: Int?
    let readingKey: ContentHash
    /// Method by method, metric by metric; nil where the picture has not what the metric needs.
    private(set) var keys: [[ContentHash?]] = []
    /// Method by method, where its time is measured at this picture.
    private(set) var timeKeys: [ContentHash?] = []
    private(set) var known: [ContentHash: StoredResult] = [:]
    /// The stored results that are not as they were written, and are measured again.
    private(set) var damaged: Set<ContentHash> = []
    private(set) var decoded: Decoded?

    /// Graph methods share their run, so each is timed alone, at this many pictures.
    static let timedPictures = 3

    init(_ entry: DatasetEntry, position: Int, for evaluator: Evaluator, leavingOut leftOut: Set<Int>) throws {
        self.entry = entry
        let file = try Self.contents(of: entry.image)
        image = ContentHash(of: file)
        let maskFile = try entry.mask.map { try Self.contents(of: $0.file) }
        let trueIndex = evaluator.classes.index(of: entry.label)
        self.trueIndex = trueIndex
        target = evaluator.named ?? (evaluator.plan.explained == .truth ? trueIndex : nil)
        let (image, rule) = (image, target.map { "class \($0)" } ?? "top")
        func key(_ method: String, _ metric: String, _ truth: String) -> ContentHash {
            evaluator.key.hash(image: image, target: rule, method: method, metric: metric, truth: truth)
        }
        readingKey = key("", "reading", "class \(trueIndex.map(String.init) ?? "")")
        let truth = EvaluationKey.text(of: entry, label: trueIndex, mask: maskFile)
        let everyone = evaluator.methods.filter { !$0.method.isReference }.map(\.text).joined(separator: "\n")
        for method in evaluator.methods {
            keys.append(
                evaluator.metrics.map { metric in
                    guard metric.isMet(by: self), method.method.isAsked(metric.description) else { return nil }
                    var context = metric.metric.needs.isEmpty ? "" : truth
                    if metric.description.comparesMethods { context += everyone }
                    return key(method.text, metric.text, context)
                })
            let isTimed = !method.method.isReference && (method.isProcedure || position < Self.timedPictures)
            timeKeys.append(isTimed ? key(method.text, "seconds", "") : nil)
        }
        var damaged: Set<ContentHash> = []
        known = try evaluator.store.results(
            for: [readingKey] + keys.flatMap { $0.compactMap { $0 } } + timeKeys.compactMap { $0 }
        ) { damaged.insert($0) }
        self.damaged = damaged
        if !isComplete(evaluator, leavingOut: leftOut) {
            let (stored, orientation) = try Picture.stored(
                file, name: entry.image, channels: evaluator.explainer.channelReading)
            let picture = orientation.upright(stored)
            let annotation = try UprightAnnotation(
                entry, mask: maskFile, photo: PixelSize(width: picture.width, height: picture.height),
                orientation: orientation)
            (self.entry, mask) = (annotation.entry, annotation.mask)
            var whole = evaluator.explainer.preprocessing
            whole.resize = .squash(width: whole.resize.width, height: whole.resize.height)
            decoded = Decoded(
                width: picture.width, height: picture.height,
                input: try evaluator.explainer.preprocessing.input(from: picture),
                geometry: try evaluator.explainer.preprocessing.geometry(for: picture),
                wholeGeometry: try whole.geometry(for: picture))
        }
    }

    private static func contents(of path: String) throws(GazeError) -> Data {
        do { return try FileContents.data(path: path, maximumBytes: DecodingLimits.standard.maximumFileBytes) } catch {
            throw .unreadable(path: path, reason: error.reason)
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
