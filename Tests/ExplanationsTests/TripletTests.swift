import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Grad-CAM of triplet losses against PyTorch's derivative of the loss itself (`Scripts/golden/triplets.py`).
@Suite struct TripletTests {
    struct Index: Decodable {
        let tolerance: Double
        let cases: [Case]
    }

    struct Case: Decodable {
        let name: String
        let shape: [Int]
        let answers: [Answer]
    }

    struct Answer: Decodable {
        let loss: String
        let margin: Double
        let top: String
        let losses: [Double]
        let weights: [Double]
        let maps: [Double]
        let inactive: Int
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/triplets").path

    private func parameters(_ answer: Answer) -> String {
        let files = ["anchor", "positive", "negative"].map { "\($0)=\(Self.folder)/\($0).npy" }
        return (files + ["loss=\(answer.loss)", "margin=\(answer.margin)", "top=\(answer.top)"]).joined(separator: ",")
    }

    private func expectEqual(_ found: Tensor<Float>, _ expected: [Double], _ tolerance: Double, _ text: String) {
        let largest = expected.reduce(0) { max($0, abs($1)) }
        #expect(found.elements.count == expected.count, "\(text)")
        #expect(
            zip(found.elements, expected).allSatisfy { abs(Double($0) - $1) <= tolerance * largest },
            "\(text): \(found.elements.prefix(8)) instead of \(expected.prefix(8))")
    }

    @Test func mapsAndWeightsArePyTorchs() throws {
        let index = try Golden.decode(Index.self, "triplets/triplets.json")
        #expect(index.cases.map(\.name) == ["plain", "normalised"])
        for golden in index.cases {
            let attributor = Attributor(
                try Model(contentsOf: "\(Self.folder)/\(golden.name).onnx", engine: ONNXRuntimeEngine()))
            #expect(golden.answers.contains { $0.inactive == 5 } && golden.answers.contains { $0.inactive == 2 })
            for answer in golden.answers {
                let text = "\(golden.name) \(answer.loss) \(answer.top)"
                // No input is given: the pictures are the parameters'.
                let results = try attributor.attribute(
                    inputs: [:], target: Target(parsing: "embedding"),
                    methods: [
                        MethodSpecification(parsing: "triplet-gradcam:\(parameters(answer))"),
                        MethodSpecification(parsing: "triplet-weights:\(parameters(answer))"),
                    ])
                #expect(results[0].values.shape.dimensions == golden.shape, "\(text)")
                #expect(results[1].values.shape == [answer.weights.count])
                expectEqual(results[0].values, answer.maps, index.tolerance, text)
                expectEqual(results[1].values, answer.weights, index.tolerance, text)
                expectEqual(Tensor(vector: results[0].scores), answer.losses, index.tolerance, text)
                let isNoted = results[0].notes.contains { $0.contains("inactive hinge") }
                #expect(isNoted == (answer.inactive > 0), "\(text): \(results[0].notes)")
            }
        }
    }

    @Test func stacksThatDoNotFitAreRefused() throws {
        let attributor = Attributor(
            try Model(contentsOf: "\(Self.folder)/plain.onnx", engine: ONNXRuntimeEngine()))
        func ask(_ parameters: String, _ target: String = "embedding") throws {
            _ = try attributor.attribute(
                inputs: [:], target: Target(parsing: target),
                methods: [MethodSpecification(parsing: "triplet-weights:\(parameters)")])
        }
        let two = "anchor=\(Self.folder)/anchor.npy,positive=\(Self.folder)/positive.npy"
        let all = "\(two),negative=\(Self.folder)/negative.npy"
        try ask(all)
        for wrong in [two, "\(two),negative=/absent.npy", "\(all),top=0", "\(all),margin=-1", "\(all),loss=cosine"] {
            #expect(throws: ExplanationError.self, "\(wrong)") { try ask(wrong) }
        }
        #expect(throws: (any Error).self) { try ask(all, "other") }
    }

    /// `dot` weights a whole output: the gradient of `w · logits` is that of the weighted sum of classes.
    @Test func innerProductsWithAVectorAreTargets() throws {
        let attributor = try Toys.attributor(try Toys.classifier(batch: nil))
        let vectors = try Tensor<Float>(shape: [3, 3], elements: [1, 0, 0, 0, 2, 0, 1, -1, 0.5])
        let answer = try attributor.attribute(
            inputs: ["x": Toys.floats(Toys.pixels, [3, 2, 2, 2])], target: Target(parsing: "dot(logits, v.npy)"),
            methods: [MethodSpecification("gradcam")], readMask: { _ in vectors })[0]
        for sample in 0..<3 {
            let weights = vectors.elements[3 * sample..<3 * sample + 3]
            let score = zip(weights, 0..<3).reduce(Float(0)) { $0 + $1.0 * Toys.logit(sample, $1.1) }
            #expect(abs(answer.scores[sample] - score) < 1e-5 * max(1, abs(score)))
            for cell in 0..<4 {
                let value = zip(weights, 0..<3).reduce(Float(0)) { $0 + $1.0 * Toys.map(sample, $1.1)[cell] / 4 }
                #expect(abs(answer.values.elements[4 * sample + cell] - value) < 1e-5 * max(1, abs(value)))
            }
        }
        #expect(throws: ExplanationError.self) { try Target(parsing: "dot(logits)") }
    }
}
