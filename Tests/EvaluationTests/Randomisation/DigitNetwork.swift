import Evaluation
import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport

/// A small network that reads handwritten digits, and what PyTorch says about its maps (`Scripts/golden/digit_networks.py`).
struct DigitNetwork {
    struct Golden: Decodable {
        struct Point: Decodable {
            let mean: Double
            /// The standard error over `draws`.
            let error: Double
        }

        struct Entropy: Decodable {
            let values: [Float]
            let bins: Int
            let entropy: Double
        }

        let draws: Int
        let pictures: [[Float]]
        let classes: [Int]
        let entropies: [Entropy]
        /// By method and similarity.
        let floor: [String: [String: Double]]
        let labels: [String: [String: Double]]
        /// By method and similarity, from the scores down.
        let cascading: [String: [String: [Point]]]
        let rechosen: [String: [String: [Point]]]
        let independent: [String: [String: [Point]]]

        enum CodingKeys: String, CodingKey {
            case draws, pictures, classes, entropies, floor, labels, cascading, independent
            case rechosen = "cascading, rechosen"
        }
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden")
    static let golden = Result {
        try JSONDecoder().decode(Golden.self, from: Data(contentsOf: folder.appendingPathComponent("digits.json")))
    }

    /// What the script looks at.
    static let methods = [
        "gradient", "gradient-x-input", "guided-backprop", "gradcam", "guided-gradcam",
    ].map { MethodSpecification($0) }
    static let similarities = ["spearman-abs", "spearman-diverging"]

    let attributor: Attributor
    let subjects: [SanityCheck.Subject]

    /// - Parameter pictures: How many of the ten.
    init(_ file: String = "digits.onnx", pictures: Int = 10) throws {
        let path = Self.folder.appendingPathComponent(file).path
        attributor = Attributor(try Model(contentsOf: path, engine: ONNXRuntimeEngine()))
        let golden = try Self.golden.get()
        subjects = try (0..<pictures).map { index in
            let picture = try Tensor(shape: [1, 1, 16, 16], elements: golden.pictures[index])
            return SanityCheck.Subject(
                name: "digit \(index)", inputs: ["image": AnyTensor(picture)],
                score: TrialScore(.classIndex(golden.classes[index]), text: "\(golden.classes[index])"))
        }
    }

    static func mostLikely(_ attributor: Attributor, _ inputs: [String: AnyTensor]) throws -> TrialScore {
        guard let known = try attributor.reading(of: inputs, input: "image", labelCount: nil),
            let finding = try known.head.findings(in: known.outputs).first
        else { throw SanityReport.Missing("classes") }
        let score = try known.head.score(of: finding, ScoreRequest(), in: known.outputs)
        return TrialScore(score.target)
    }

    func check(
        _ methods: [MethodSpecification] = methods, _ options: SanityCheckOptions = SanityCheckOptions(blocks: nil),
        other: DigitNetwork? = nil, settings: RunSettings = RunSettings(),
        failed: @escaping @Sendable (String, any Error) -> Void = { _, _ in }
    ) -> SanityCheck {
        SanityCheck(
            attributor, explained: "image", methods: methods, layer: nil, options: options, settings: settings,
            other: other.map { SanityCheck.OtherModel($0.attributor, explained: "image") { $0.score } },
            mostLikely: Self.mostLikely, failed: failed)
    }

    func measurements(
        _ methods: [MethodSpecification] = methods, _ options: SanityCheckOptions = SanityCheckOptions(blocks: nil),
        other: DigitNetwork? = nil
    ) throws -> SanityMeasurements {
        try check(methods, options, other: other).measurements(of: subjects)
    }

    func report(
        _ methods: [MethodSpecification] = methods, _ options: SanityCheckOptions = SanityCheckOptions(blocks: nil),
        other: DigitNetwork? = nil
    ) throws -> SanityReport {
        SanityReport(try measurements(methods, options, other: other), options: options, model: "digits.onnx")
    }
}

extension SanityReport {
    func method(_ label: String) throws -> MethodResult {
        guard let result = methods.first(where: { $0.label == label }) else { throw Missing(label) }
        return result
    }

    struct Missing: Error {
        let what: String
        init(_ what: String) { self.what = what }
    }
}

extension SanityReport.MethodResult {
    func curve(_ similarity: String) throws -> SanityReport.Curve {
        guard let curve = curves.first(where: { $0.similarity == similarity }) else {
            throw SanityReport.Missing(similarity)
        }
        return curve
    }
}
