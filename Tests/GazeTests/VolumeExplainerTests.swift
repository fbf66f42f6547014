import Foundation
import Gaze
import Imaging
import Tensors
import TestSupport
import Testing

/// Explanations of volumes against PyTorch in float64 (`Scripts/golden/volumes_and_views.py`).
@Suite struct VolumeExplainerTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "ExplanationsTests/Golden/volumes").path

    private func arrays(_ name: String) throws -> [String: AnyTensor] {
        try NumpyArchive.read(path: "\(Self.folder)/\(name).npz")
    }

    private func explainer(_ name: String) throws -> VolumeExplainer {
        try #require(try VolumeExplainer(model: "\(Self.folder)/\(name).dynamo.onnx"))
    }

    private func close(_ found: Tensor<Float>, _ expected: Tensor<Float>) -> Bool {
        let largest = expected.elements.map(abs).max() ?? 0
        return found.shape == expected.shape
            && zip(found.elements, expected.elements).allSatisfy { abs($0 - $1) <= 1e-3 * largest }
    }

    @Test(arguments: [3, 4, 5])
    func mapsLieOverTheSlicesAsPyTorchInterpolates(_ rank: Int) throws {
        let golden = try arrays("volume")
        let first = try #require(golden["input"]).floatTensor.slice(0)
        let shape = Shape([Int](repeating: 1, count: rank - 3) + first.shape.dimensions.dropFirst())
        let volume = try Volume(first.reshaped(shape))
        let found = try explainer("volume").explain(
            volume, methods: ["gradcam", "gradient"].map { MethodSpecification($0) })
        #expect(found.count == 2)
        #expect(close(found[0].map, try #require(golden["gradcam"]).floatTensor.slice(0)))
        #expect(close(found[0].laidMap, try #require(golden["laid"]).floatTensor.slice(0)))
        #expect(found[0].layer?.reason.contains("3x6x5 cells") == true)
        // One channel: the largest magnitude over it.
        let gradient = try #require(golden["gradient"]).floatTensor.slice(0).slice(0).map { abs($0) }
        #expect(close(found[1].laidMap, gradient))
        let sums = found[0].sliceEvidence
        #expect(sums.count == 6 && sums.allSatisfy { $0 >= 0 })
        #expect(try found[0].drawn().strongest == sums.indices.max { sums[$0] < sums[$1] })
    }

    @Test func clipsInTheModelsOwnOrderStay() throws {
        let golden = try arrays("video")
        let first = try #require(golden["input"]).floatTensor.slice(0)
        let target = (try #require(golden["score"])).floatTensor.elements[0]
        let own = try explainer("video").explain(Volume(first), methods: [MethodSpecification("gradient")])[0]
        // The same with channels in front, as volumes have them.
        let turned = try explainer("video").explain(
            Volume(first.transposed([1, 0, 2, 3])), methods: [MethodSpecification("gradient")])[0]
        #expect(abs(own.score - Double(target)) < 1e-3 * abs(Double(target)))
        #expect(own.laidMap.shape == [8, 12, 16] && own.laidMap == turned.laidMap)
        let gradient = try #require(golden["gradient"]).floatTensor.slice(0).transposed([1, 0, 2, 3])
        var expected = gradient.slice(0).map { _ in Float(0) }
        expected.mutateElements { elements in
            for index in elements.indices {
                elements[index] = (0..<3).map { abs(gradient.elements[$0 * elements.count + index]) }.max() ?? 0
            }
        }
        #expect(close(own.laidMap, expected))
    }

    @Test func otherSizesAreResampledAndNumbersScaled() throws {
        let found = try explainer("volume").explain(
            Volume(Tensor(repeating: 200, shape: [9, 24, 30])),
            numbers: VolumeNumbers(scale: 0.01, mean: [1], standardDeviation: [2]))
        #expect(found[0].laidMap.shape == [6, 12, 10])
        #expect(found[0].notes.contains { $0.contains("9x24x30") && $0.contains("6x12x10") })
        // (0.01 * 200 - 1) / 2 everywhere.
        let same = try explainer("volume").explain(Volume(Tensor(repeating: 0.5, shape: [6, 12, 10])))
        #expect(abs(found[0].score - same[0].score) < 1e-5 && found[0].map == same[0].map)
    }

    @Test func whatIsNoVolumeIsRefusedInOneSentence() throws {
        #expect(try VolumeExplainer(model: "\(Self.folder)/rows.dynamo.onnx") == nil)
        // Views have five axes, and no slices.
        let views = try explainer("views")
        let error = #expect(throws: GazeError.self) {
            try views.explain(Volume(Tensor(repeating: 0, shape: [3, 3, 16, 12])))
        }
        #expect("\(try #require(error))".contains("gaze attribute"))
        #expect(throws: GazeError.self) {
            try explainer("volume").explain(Volume(Tensor(repeating: 0, shape: [2, 6, 12, 10])))
        }
        #expect(throws: GazeError.self) {
            try explainer("volume").explain(
                Volume(Tensor(repeating: 0, shape: [6, 12, 10])), methods: [MethodSpecification("score")])
        }
    }
}
