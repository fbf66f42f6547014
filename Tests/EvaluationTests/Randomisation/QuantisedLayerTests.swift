import Evaluation
import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import Testing

/// Integer weights are trained parameters like others (`Scripts/golden/quantised_networks.py` made the files).
@Suite struct QuantisedLayerTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("ExplanationsTests/Golden/quantised")

    private static func attributor(_ name: String) throws -> Attributor {
        let path = folder.appendingPathComponent("\(name).onnx").path
        return Attributor(try Model(contentsOf: path, engine: ONNXRuntimeEngine()))
    }

    private static func layers(_ name: String) throws -> [TrainableLayer] {
        let graph = try attributor(name).specialisedGraph(for: ["x": [1, 3, 16, 16]])
        return graph.trainableLayers(from: graph.inputs[0], to: graph.outputs.map(\.value))
    }

    /// Two convolutions (3 to 6 to 8 channels, 3 by 3) and a linear layer (8 to 4) with biases.
    @Test(arguments: [
        "qdq-int8", "qdq-uint8", "qdq-int8-per-channel", "qdq-int16", "qdq-uint16", "qoperator-int8",
        "qoperator-uint8", "dynamic", "softmax-qdq-int8",
    ]) func everyIntegerWeightIsDrawn(_ name: String) throws {
        let layers = try Self.layers(name)
        #expect(layers.count == 3)
        let weights = layers.flatMap(\.tensors).filter { $0.role != .bias }
        #expect(weights.map(\.fanIn) == [27, 54, 8])
        #expect(weights.map(\.values.shape.count) == [162, 432, 32])
        #expect(layers.flatMap(\.tensors).filter { $0.role == .bias }.map(\.values.shape.count) == [6, 8, 4])
    }

    /// Weights whose scale stands elsewhere keep their size; others have that of their kind of layer.
    @Test(arguments: ["dynamic", "qdq-int8"]) func drawnWeightsHaveTheSizeThatTheGraphExpects(_ name: String) throws {
        for layer in try Self.layers(name) {
            let tensor = layer.tensors[0]
            var random = SeededGenerator(seed: 1)
            let drawn = Initialiser.byKind.drawn(tensor, using: &random).floats
            func size(_ values: [Float]) -> Double {
                (values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)).squareRoot()
            }
            let own = (tensor.role == .kernel ? 2 : 1) / Double(tensor.fanIn)
            let expected = name == "dynamic" ? size(tensor.values.floats) : own.squareRoot()
            // Four standard errors of a deviation: 1 / √(2 n).
            let error = 4 / (2 * Double(drawn.count)).squareRoot()
            #expect(abs(size(drawn) / expected - 1) < error, "\(layer.name): \(size(drawn)), expected \(expected)")
            #expect(tensor.areLevels == (name == "dynamic"))
        }
    }

    /// Maps of a quantised network change when its weights are drawn anew.
    @Test(arguments: ["qdq-int8", "qoperator-uint8", "dynamic"]) func mapsChangeWithIntegerWeights(_ name: String)
        throws
    {
        let subjects = try (0..<4).map { index in
            var random = SeededGenerator(seed: UInt64(index))
            let pixels = (0..<768).map { _ in Float.random(in: 0..<1, using: &random) }
            return SanityCheck.Subject(
                name: "\(index)", inputs: ["x": AnyTensor(try Tensor(shape: [1, 3, 16, 16], elements: pixels))],
                score: TrialScore(.classIndex(2)))
        }
        let check = SanityCheck(
            try Self.attributor(name), explained: "x", methods: [MethodSpecification("gradient")],
            options: SanityCheckOptions(blocks: nil),
            mostLikely: { _, _ in TrialScore(.classIndex(2)) })
        let measured = try check.measurements(of: subjects)
        #expect(measured.blocks.count == 3 && measured.comparisons.count == 12)
        let diverging = try #require(measured.similarities.firstIndex { $0.name == "spearman-diverging" })
        let last = measured.comparisons.filter { $0.step == 2 }.compactMap { $0.similarities[diverging] }
        #expect(last.count == 4 && last.allSatisfy { abs($0) < 0.5 }, "\(last)")
    }
}
