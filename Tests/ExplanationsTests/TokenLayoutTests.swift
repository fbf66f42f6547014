import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Layers of tiny token and window networks against PyTorch, brought to [B, C, H, W] there by hand (`Scripts/golden/token_layouts.py`).
@Suite struct TokenLayoutTests {
    struct Index: Decodable {
        let tolerance: Double
        let networks: [Network]
    }

    struct Network: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let file: String
        let arrays: String
        let layers: [Layer]
        let automatic: String?
        var testDescription: String { name }
    }

    struct Layer: Decodable, Sendable {
        let layer: String
        let tensor: String
        let map: String
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/layouts")
    static let index = Result { try Golden.decode(Index.self, "layouts/layouts.json") }
    static var networks: [Network] { (try? index.get().networks) ?? [] }

    private struct Case {
        let model: Model
        let arrays: [String: AnyTensor]
        let input: AnyTensor
        let graph: Graph

        init(_ network: Network) throws {
            model = try Model(
                contentsOf: folder.appending(path: network.file).path, engine: ONNXRuntimeEngine())
            arrays = try NumpyArchive.read(path: folder.appending(path: network.arrays).path)
            input = try #require(arrays["input"])
            graph = try Attributor(model).specialisedGraph(for: [model.inputs[0].name: input.shape])
        }

        /// The value of a layer, brought to a map by nodes.
        func map(_ layer: Graphs.Layer) throws -> Tensor<Float> {
            var graph = graph
            let map = graph.appendMap(of: layer.value, try #require(layer.layout))
            graph.outputs = [Graph.Output(name: graph[map].name, value: map)]
            return try model.engine.load(graph.eliminatingDeadNodes())
                .run([model.inputs[0].name: input], outputs: [graph[map].name])[0].floatTensor
        }
    }

    @Test func theFileIsComplete() throws {
        #expect(try Self.index.get().networks.count == 8)
        #expect(Self.networks.flatMap(\.layers).count == 19)
    }

    @Test(arguments: networks)
    func layersAreMapsAsPyTorchBringsThemThereByHand(_ network: Network) throws {
        let tolerance = try Self.index.get().tolerance
        let golden = try Case(network)
        for expected in network.layers {
            let layer = try golden.graph.layer(named: expected.tensor)
            let map = try #require(golden.arrays[expected.map]).floatTensor
            #expect(layer.layout?.shape == map.shape, "\(expected.layer)")
            guard layer.layout?.shape == map.shape else { continue }
            #expect(try relativeError(golden.map(layer), map) <= tolerance, "\(expected.layer)")
        }
    }

    @Test(arguments: networks.filter { $0.automatic != nil })
    func theAutomaticLayerIsTheLastThatTheOutputReads(_ network: Network) throws {
        let graph = try Case(network).graph
        let choices = graph.layerCandidates(from: graph.inputs[0], to: graph.outputs[0].value)
        let expected = try graph.layer(named: try #require(network.automatic))
        #expect(choices.first?.layer.tensorName == expected.tensorName, "\(choices.first?.reason ?? "")")
        #expect(choices.count <= 6 && Set(choices.map(\.layer.value)).count == choices.count)
        #expect(choices.allSatisfy { $0.layer.isSpatial })
    }

    @Test(arguments: networks)
    func changedPixelsAnswerWhereTheLayoutSaysTheyLie(_ network: Network) throws {
        let golden = try Case(network)
        // Residual trunks keep a place where it is; inside a random attention every place answers about alike.
        for expected in network.layers where !expected.layer.contains("attn") {
            let layer = try golden.graph.layer(named: expected.tensor)
            let check = try LayoutCheck(
                of: layer, in: golden.graph, inputs: [golden.model.inputs[0].name: golden.input],
                picture: golden.graph.inputs[0], engine: golden.model.engine)
            #expect(check.probes.count >= 4 && check.agreement == 1, "\(expected.layer): \(check.probes)")
        }
    }

    @Test func aWrongLayoutFailsItsCheck() throws {
        let golden = try Case(try #require(Self.networks.first { $0.name == "deit_distilled" }))
        let layer = try golden.graph.layer(named: "/blocks/blocks.0/Add_1_output_0")
        let layout = try #require(layer.layout)
        // The two tokens without a place left out at the end instead of the beginning, and rows and columns swapped.
        let wrong = MapLayout(
            batch: layout.batch, channels: layout.channels, height: layout.width, width: layout.height,
            placement: layout.placement, tokensWithoutPlace: 2,
            steps: [
                .slice(axis: 1, 0..<24), .transpose([0, 2, 1]),
                .reshape([layout.batch, layout.channels, layout.width, layout.height]),
            ])
        let check = try LayoutCheck(
            of: layer.with(layout: wrong), in: golden.graph, inputs: ["input": golden.input],
            picture: golden.graph.inputs[0], engine: golden.model.engine)
        #expect(check.agreement < 0.8, "\(check.probes)")
    }
}
