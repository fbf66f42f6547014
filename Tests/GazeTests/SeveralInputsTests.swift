import Foundation
import Gaze
import TestSupport
import Testing

/// Models with more inputs than the photograph, beside PyTorch; by `Scripts/golden/several_inputs.py`.
@Suite struct SeveralInputsTests {
    struct Index: Decodable {
        let tolerance: Double
        let pair: [Case]
        let table: [Case]
    }

    struct Case: Decodable {
        let explained: String
        let target: Int
        let scores: [Double]
        let map: [Double]
        let shape: [Int]
        let layer: String
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden").path

    /// The script's rule for bytes.
    private func picture(_ seed: Int) -> Picture {
        var picture = Picture(width: 16, height: 16)
        picture.mutatePixels { pixels in
            for y in 0..<16 {
                for x in 0..<16 {
                    for c in 0..<3 {
                        pixels[(y * 16 + x) * 3 + c] = UInt8(
                            (x * (7 + seed) + y * 13 + c * 50 + seed * 31 + x * y) % 256)
                    }
                }
            }
        }
        return picture
    }

    private func array(_ seed: Int) throws -> AnyTensor {
        try Preprocessing(resize: .squash(width: 16, height: 16)).input(from: picture(seed))
    }

    private func explainer(
        _ file: String, _ inputs: [String: GivenInput], explained: String? = nil
    ) throws -> Explainer {
        try Explainer(model: "\(Self.folder)/\(file)", inputs: inputs, explained: explained) { preprocessing in
            preprocessing = Preprocessing(resize: .squash(width: 16, height: 16))
        }
    }

    private func check(_ explainer: Explainer, seed: Int, _ golden: Case, _ tolerance: Double) throws {
        let explanation = try explainer.explain(
            picture(seed), classes: [.named("\(golden.target)")], layer: golden.layer)[0]
        #expect(explanation.map.shape.dimensions == golden.shape)
        let largest = golden.map.map(abs).max() ?? 0
        for (found, wanted) in zip(explanation.map.elements, golden.map) {
            #expect(abs(Double(found) - wanted) < golden.tolerance(tolerance, largest))
        }
        let scores = try explainer.predict(picture(seed)).sorted { $0.index < $1.index }.map(\.score)
        for (found, wanted) in zip(scores, golden.scores) { #expect(abs(found - wanted) < 1e-5) }
    }

    @Test func twoPicturesAreExplainedEachWithTheOtherGiven() throws {
        let index = try Golden.decode(Index.self, "several-inputs.json")
        let model = "several-inputs-pair.onnx"
        for second in [GivenInput(.picture(picture(2))), GivenInput(.tensor(try array(2)))] {
            try check(explainer(model, ["after": second]), seed: 1, index.pair[0], index.tolerance)
        }
        let first = GivenInput(.picture(picture(1)))
        try check(explainer(model, ["before": first]), seed: 2, index.pair[1], index.tolerance)
        try check(explainer(model, ["before": first], explained: "after"), seed: 2, index.pair[1], index.tolerance)
    }

    @Test func numbersAndTablesStandBesideAPicture() throws {
        let index = try Golden.decode(Index.self, "several-inputs.json")
        let features: [Float] = [0.5, -1.25, 2, 0.75]
        // With the axis of samples and without it.
        for shape: Shape in [[1, 4], [4]] {
            let table = GivenInput(.tensor(AnyTensor(try Tensor(shape: shape, elements: features))))
            let explainer = try explainer(
                "several-inputs-table.onnx", ["features": table, "temperature": try GivenInput("0.5")])
            try check(explainer, seed: 3, index.table[0], index.tolerance)
            #expect(explainer.givenInputs == ["features": "", "temperature": "0.5"])
        }
    }

    /// Methods that ask many times, the trial of layers and the check see the other inputs, too.
    @Test func everyKindOfMethodRuns() throws {
        let explainer = try explainer("several-inputs-pair.onnx", ["after": GivenInput(.picture(picture(2)))])
        let methods = try [
            "gradcam", "gradient", "occlusion:window=4x4,stride=4x4", "integrated-gradients:steps=4", "rise:samples=32",
        ]
        .map { try MethodSpecification(parsing: $0) }
        let found = try explainer.explain(
            picture(1), methods: methods, automaticLayer: .measured, check: .oneMap)
        #expect(found.map(\.method.name) == ["gradcam", "gradient", "occlusion", "integrated-gradients", "rise"])
        #expect(found.allSatisfy { $0.map.elements.contains { $0 != 0 } && $0.map.elements.allSatisfy(\.isFinite) })
    }

    @Test func whatIsMissingOrDoesNotFitIsSaid() throws {
        func sentence(_ inputs: [String: GivenInput], _ file: String = "table", explained: String? = nil) -> String {
            let error = #expect(throws: (any Error).self) {
                try explainer("several-inputs-\(file).onnx", inputs, explained: explained)
            }
            return error.map { "\($0)" } ?? ""
        }
        let number = GivenInput(.number(1))
        let missing = sentence([:])
        #expect(missing.contains("features: f32[batch, 4]") && missing.contains("--input features=features.npy"))
        #expect(missing.contains("temperature") && missing.contains("goes into 'photo'"))
        #expect(sentence(["features": number]).contains("--input temperature=0.5"))
        #expect(sentence(["nonsense": number]).contains("nonsense"))
        #expect(sentence([:], explained: "nonsense").contains("nonsense"))
        let short = GivenInput(.tensor(AnyTensor(Tensor<Float>(repeating: 0, shape: [1, 5]))))
        #expect(sentence(["features": short, "temperature": number]).contains("[1, 5]"))
        let picture = GivenInput(.picture(picture(1)))
        #expect(sentence(["features": picture, "temperature": number]).contains("takes no picture"))
        #expect(sentence(["after": picture], "pair", explained: "after").contains("--input gives something else"))
        #expect(sentence(["before": picture, "after": picture], "pair").contains("leave one out"))
    }

    /// Numbers of a store are those of the same inputs.
    @Test func evaluationsDependOnTheOtherInputs() throws {
        try TemporaryFolder.with { folder in
            try picture(1).write(to: folder + "/a.png")
            let store = try ResultStore(path: folder + "/results.sqlite")
            func measured(_ seed: Int) throws -> (new: Int, values: [String: Double]) {
                let evaluator = try Evaluator(
                    try explainer("several-inputs-pair.onnx", ["after": GivenInput(.tensor(try array(seed)))]),
                    plan: EvaluationPlan(
                        methods: [EvaluatedMethod(MethodSpecification("gradcam"))],
                        metrics: [MethodSpecification("average-drop")]), store: store)
                let result = try evaluator.evaluate(Dataset(entries: [DatasetEntry(image: folder + "/a.png")]))
                return (result.measuredCount, result.records[0].values)
            }
            let first = try measured(2)
            #expect(first.new == 1)
            #expect(try measured(2).new == 0)
            #expect(try measured(4).new == 1)
        }
    }
}

extension SeveralInputsTests.Case {
    fileprivate func tolerance(_ relative: Double, _ largest: Double) -> Double { relative * largest + 1e-9 }
}
