import Evaluation
import Explanations
import Foundation
import Runtime
import Tensors
import TestSupport
import Testing

/// Metrics of a tiny network against their papers' formulas in PyTorch, captum, Quantus and pytorch-grad-cam
/// (`Scripts/golden/faithfulness.py`).
@Suite struct GoldenMetricTests {
    struct Record: Decodable {
        let tolerance: Double
        let target: Int
        let exact: [Exact]
        let sampled: [Sampled]
        let elsewhere: Elsewhere
    }

    struct Exact: Decodable, Sendable, CustomTestStringConvertible {
        let metric: String
        let value: Double
        let details: [Double]?
        let source: String
        var testDescription: String { "\(metric) (\(source))" }
    }

    struct Sampled: Decodable, Sendable, CustomTestStringConvertible {
        let metric: String
        let value: Double
        let seeds: Int
        let allowed: Double
        let source: String
        var testDescription: String { "\(metric) (\(source))" }
    }

    struct Elsewhere: Decodable {
        let irof: Double
        let selectivity: [Double]
        let pixelFlipping: [Double]
        let monotonicity: [Bool]

        enum CodingKeys: String, CodingKey {
            case irof = "quantus_irof"
            case selectivity = "quantus_selectivity"
            case pixelFlipping = "quantus_pixel_flipping"
            case monotonicity = "quantus_monotonicity"
        }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden/faithfulness")
    static let record = Result {
        try JSONDecoder().decode(
            Record.self, from: Data(contentsOf: folder.appending(path: "faithfulness.json")))
    }
    static var exact: [Exact] { (try? record.get().exact) ?? [] }
    static var sampled: [Sampled] { (try? record.get().sampled) ?? [] }

    private static let attributor = Result {
        Attributor(
            try Model(contentsOf: folder.appending(path: "faithfulness.onnx").path, engine: ONNXRuntimeEngine()))
    }
    private static let arrays = Result {
        try NumpyArchive.read(path: folder.appending(path: "faithfulness.npz").path)
    }

    private func subject(seed: UInt64 = 0) throws -> EvaluationSubject {
        let arrays = try Self.arrays.get()
        let input = try #require(arrays["input"])
        let target = Target.classIndex(try Self.record.get().target)
        func experiment(_ target: Target) throws -> Experiment {
            try Self.attributor.get().experiments(
                on: Query(inputs: ["x": input], target: target, methods: []), samples: 1, label: "test")[0]
        }
        return EvaluationSubject(
            experiment: try experiment(target), probability: try experiment(.probability(target)),
            method: MethodSpecification("gradient-x-input"), display: .signed,
            raw: try #require(arrays["raw"]).floatTensor, map: try #require(arrays["map"]).floatTensor, seed: seed)
    }

    private func measured(_ text: String, _ subject: EvaluationSubject) throws -> Evaluation.Measurement {
        try TemporaryFolder.with { folder in
            try Numpy.write(try #require(Self.arrays.get()["segments"]), path: "\(folder)/segments.npy")
            return try MetricToys.measure(
                text.replacingOccurrences(of: "segments.npy", with: "\(folder)/segments.npy"), subject)
        }
    }

    @Test func theFileIsComplete() throws {
        #expect(try Self.record.get().exact.count >= 20 && Self.record.get().sampled.count >= 6)
        let names = Set((Self.exact.map(\.metric) + Self.sampled.map(\.metric)).map { $0.prefix { $0 != ":" } })
        // These two compare methods, which toys show better.
        let compared = Set(MetricCatalogue.descriptions.filter { $0.family != .localisation }.map(\.name))
            .subtracting(["win-rate", "method-agreement"])
        #expect(compared.subtracting(names.map(String.init)).isEmpty)
    }

    @Test(arguments: exact)
    func metricsEqualTheirFormulas(_ golden: Exact) throws {
        let found = try measured(golden.metric, subject())
        let tolerance = try Self.record.get().tolerance
        #expect(isClose(found.value, golden.value, tolerance), "\(found.value) \(golden.value)")
        if let details = golden.details { #expect(areClose(found.details, details, tolerance)) }
    }

    @Test(arguments: sampled)
    func sampledMetricsEqualThemWithinStandardErrors(_ golden: Sampled) throws {
        let values = try (0..<golden.seeds).map { try measured(golden.metric, subject(seed: UInt64($0))).value }
        #expect(Set(values).count > 1)
        let mean = values.reduce(0, +) / Double(values.count)
        #expect(abs(mean - golden.value) <= golden.allowed, "\(mean) \(golden.value) ± \(golden.allowed)")
    }

    /// Quantus' IROF: L minus the area under L points a step apart, none of them the whole picture's.
    @Test func quantusTakesAnotherAreaForIROF() throws {
        let curve = try measured("irof:segments=segments.npy,baseline=0", subject()).details
        let relative = curve.dropFirst().map { $0 / curve[0] }
        let area = zip(relative, relative.dropFirst()).reduce(0) { $0 + ($1.0 + $1.1) / 2 }
        #expect(isClose(Double(relative.count) - area, try Self.record.get().elsewhere.irof, 1e-3))
    }

    /// Quantus' Selectivity: the same curve of probabilities without the whole picture's.
    @Test func quantusReturnsTheCurveOfSelectivity() throws {
        let curve = try measured("selectivity:patch=4,score=probability", subject()).details
        #expect(areClose(Array(curve.dropFirst()), try Self.record.get().elsewhere.selectivity, 1e-4))
    }

    /// Quantus' PixelFlipping: the curve in place of its mean, in elements in place of pixels: 48 are 16 pixels of three channels.
    @Test func quantusReturnsTheCurveOfPixelFlipping() throws {
        let found = try measured("pixel-flipping:region=1,portion=16,steps=12", subject())
        let curve = try Self.record.get().elsewhere.pixelFlipping
        #expect(areClose(Array(found.details.dropFirst()), curve, 1e-4))
        let falls = curve.reduce(0) { $0 + (found.details[0] - $1) }
        #expect(isClose(found.value, falls / Double(curve.count + 1), 1e-4))
    }

    /// Quantus' Monotonicity never reveals a pixel, so that a map and its negative are monotone alike.
    @Test func quantusFindsEveryMapMonotone() throws {
        #expect(try Self.record.get().elsewhere.monotonicity == [true, true])
        #expect(try measured("monotonicity:steps=12", subject()).value == 0)
    }
}
