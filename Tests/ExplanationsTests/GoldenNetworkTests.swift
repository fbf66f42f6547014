import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Tiny networks by both exporters against PyTorch in float64 (`Scripts/golden/networks.py`).
@Suite struct GoldenNetworkTests {
    struct Index: Decodable {
        let tolerance: Double
        let networks: [Network]
    }

    struct Network: Decodable, Sendable {
        let name: String
        let targets: [Int]
        let arrays: String
        let batch: Int
        let files: [File]
    }

    struct File: Decodable, Sendable {
        let exporter: String
        let file: String
        let layer: String
        let batch: Int
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let network: Network
        let file: File
        var testDescription: String { file.file }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/networks")
    static let index = Result { try Golden.decode(Index.self, "networks/networks.json") }
    static var cases: [Case] {
        ((try? index.get().networks) ?? []).flatMap { network in network.files.map { Case(network: network, file: $0) }
        }
    }

    @Test func theFileIsComplete() throws {
        #expect(try Self.index.get().networks.count == 7)
        #expect(Self.cases.count == 14)
    }

    @Test(arguments: cases)
    func scoreGradientAndGradCAMEqualPyTorch(_ golden: Case) throws {
        let tolerance = try Self.index.get().tolerance
        let arrays = try NumpyArchive.read(path: Self.folder.appending(path: golden.network.arrays).path)
        let model = try Model(
            contentsOf: Self.folder.appending(path: golden.file.file).path, engine: ONNXRuntimeEngine())
        let attributor = Attributor(model)
        let input = try #require(arrays["input"])
        let name = try #require(model.inputs.first?.name)
        let methods = ["score", "activation", "gradient", "layer-gradient", "gradcam"].map { MethodSpecification($0) }
        let logits = try #require(arrays["logits"]).floatTensor
        for target in golden.network.targets {
            // A batch of two goes through a model that was exported for one as well.
            let results = try attributor.attribute(
                inputs: [name: input], target: .classIndex(target), methods: methods, layer: golden.file.layer)
            let scores = (0..<logits.shape[0]).map { logits[$0, target] }
            let largest = logits.elements.map(abs).max() ?? 0
            for (found, expected) in zip(results[0].values.elements, scores) {
                #expect(abs(found - expected) <= Float(tolerance) * largest)
            }
            #expect(results[0].values.shape == [golden.network.batch])
            for (result, key) in zip(
                results.dropFirst(),
                ["activation", "gradient.\(target)", "layer-gradient.\(target)", "gradcam.\(target)"])
            {
                let expected = try #require(arrays[key]).floatTensor
                #expect(result.values.shape == expected.shape, "\(key)")
                #expect(try relativeError(result.values, expected) <= tolerance, "\(key)")
            }
        }
    }

    @Test(arguments: cases)
    func theAutomaticLayerIsTheLastMapBeforeTheHead(_ golden: Case) throws {
        let model = try Model(
            contentsOf: Self.folder.appending(path: golden.file.file).path, engine: ONNXRuntimeEngine())
        let arrays = try NumpyArchive.read(path: Self.folder.appending(path: golden.network.arrays).path)
        let input = try #require(arrays["input"]).rows(Array(0..<golden.file.batch))
        let graph = try Attributor(model).specialisedGraph(for: [try #require(model.inputs.first?.name): input.shape])
        let choice = try graph.automaticLayer(from: graph.inputs[0], to: graph.outputs[0].value)
        // SqueezeNet classifies by a convolution, so its last map is what enters the pooling: the class maps themselves.
        let head =
            golden.network.name == "squeezenet1_1" ? try graph.averagingHead(endingIn: graph.outputs[0].value) : nil
        #expect(choice.layer.tensorName == head.map { graph[$0.map].name } ?? golden.file.layer)
    }

    @Test(arguments: cases.filter { $0.network.name != "vgg11" })
    func classActivationMapsDecomposeTheLogit(_ golden: Case) throws {
        let model = try Model(
            contentsOf: Self.folder.appending(path: golden.file.file).path, engine: ONNXRuntimeEngine())
        let arrays = try NumpyArchive.read(path: Self.folder.appending(path: golden.network.arrays).path)
        let input = try #require(arrays["input"])
        let name = try #require(model.inputs.first?.name)
        let target = golden.network.targets[0]
        let attributor = Attributor(model)
        let found = try attributor.attribute(
            inputs: [name: input], target: .classIndex(target),
            methods: [MethodSpecification("cam"), MethodSpecification("gradcam")])
        let cells = Float(found[0].values.shape[1] * found[0].values.shape[2])
        if golden.network.name != "squeezenet1_1" {
            let expected = try #require(arrays["gradcam.\(target)"]).floatTensor.map { $0 * cells }
            #expect(try relativeError(found[0].values, expected) <= 1e-3)
        }
        #expect(try relativeError(found[0].values, found[1].values.map { $0 * cells }) <= 1e-5)
    }
}

/// The largest difference relative to the largest expected magnitude.
func relativeError(_ found: Tensor<Float>, _ expected: Tensor<Float>) throws -> Double {
    try #require(found.elements.count == expected.elements.count)
    let largest = expected.elements.map { Double(abs($0)) }.max() ?? 0
    let difference = zip(found.elements, expected.elements).map { abs(Double($0) - Double($1)) }
    guard difference.allSatisfy(\.isFinite) else { return .infinity }
    return (difference.max() ?? 0) / max(largest, .leastNormalMagnitude)
}
