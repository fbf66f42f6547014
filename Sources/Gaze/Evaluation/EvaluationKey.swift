import Datasets
import Evaluation
import Explanations
import Foundation
import Graphs
import Imaging
import Tensors

/// What a stored number was computed from: results of equal keys are equal.
struct EvaluationKey: Sendable {
    /// Counts up whenever numbers of the same words are computed in another way.
    static let version = 4

    private let common: String

    /// What all results of a run have in common.
    ///
    /// - Parameters:
    ///   - inputs: What the model's inputs hold; that of the photograph, whose contents do not count, is `explained`.
    init(
        model: ContentHash, preprocessing: Preprocessing, array: String? = nil, inputs: [String: AnyTensor],
        explained: String, layer: String?, time: Duration?, seed: UInt64
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let further = inputs.filter { $0.key != explained }.sorted { $0.key < $1.key }.map { name, tensor in
            "input \(name) \(tensor.elementType)\(tensor.shape) \(ContentHash(of: tensor.bytes))"
        }
        let given = further.isEmpty ? [] : ["photograph \(explained)"] + further
        common =
            ([
                "gaze evaluation \(Self.version)", "model \(model)",
                "preprocessing \(String(decoding: try encoder.encode(preprocessing), as: UTF8.self))",
                "array \(array ?? "")", "default layer \(layer ?? "")", "time \(time.map { "\($0)" } ?? "")",
                "seed \(seed)",
            ] + given).joined(separator: "\n")
    }

    /// The key of what is said about one picture.
    ///
    /// - Parameters:
    ///   - target: The class, or the rule that finds it.
    ///   - method: A method as `text(of:)` writes it, with its layer.
    ///   - truth: What of the annotation was read.
    func hash(image: ContentHash, target: String, method: String, metric: String, truth: String) -> ContentHash {
        let text = [common, "image \(image)", "target \(target)", "method \(method)", "metric \(metric)", truth]
        return ContentHash(of: Data(text.joined(separator: "\n").utf8))
    }

    /// The key of what a sanity check says about a method over some pictures.
    func hash(images: [ContentHash], method: String, check: String) -> ContentHash {
        let text = [common] + images.map { "image \($0)" } + ["method \(method)", "sanity check \(check)"]
        return ContentHash(of: Data(text.joined(separator: "\n").utf8))
    }

    /// A method with all its parameters; files that it reads by their contents.
    static func text(of method: EvaluatedMethod) -> String {
        "\(text(method.specification.name, method.specification.completeParameters)) at \(method.layer ?? "")\(method.isOfPhotograph ? " over the photograph" : "")"
    }

    /// A metric with all its parameters.
    static func text(of metric: MethodSpecification, _ description: MeasureDescription) -> String {
        let defaults = Dictionary(
            description.parameters.map { ($0.name, $0.defaultValue) }, uniquingKeysWith: { first, _ in first })
        return text(metric.name, defaults.merging(metric.parameters) { _, given in given })
    }

    private static func text(_ name: String, _ parameters: [String: String]) -> String {
        let pairs = parameters.sorted { $0.key < $1.key }.map { key, value in
            let contents = FileManager.default.fileExists(atPath: value) ? try? ContentHash(contentsOf: value) : nil
            return "\(key)=\(contents?.description ?? value)"
        }
        return "\(name):\(pairs.joined(separator: ","))"
    }

    /// The annotation of a picture in words; the mask by its contents.
    static func text(of entry: DatasetEntry, label: Int?, mask: Data?) -> String {
        let size = entry.annotatedSize.map { "\($0.width)x\($0.height)" } ?? ""
        let boxes = entry.boxes.map { box in
            "\(box.label?.text ?? "") \(box.left) \(box.top) \(box.right) \(box.bottom) \(box.isDifficult)"
        }
        let mask = zip(entry.mask.map { [$0] } ?? [], mask.map { [$0] } ?? []).map { description, bytes in
            let object = description.object.map { "\($0.sorted())" } ?? "every"
            return "\(ContentHash(of: bytes)) object \(object) undecided \(description.undecided.sorted())"
        }
        return
            "class \(label.map(String.init) ?? "") \(entry.label?.text ?? "")\nsize \(size)\nboxes \(boxes)\nmask \(mask)"
    }
}
