import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Layers whose channels have no place, or another than their cell, against PyTorch in float64 (`Scripts/golden/joined_layers.py`).
@Suite struct JoinedLayersTests {
    struct Index: Decodable {
        let target: Int
        let tolerance: Double
        let networks: [Network]
    }

    struct Network: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let model: String
        let arrays: String
        let inputs: [String]
        let layer: String
        let channels: Int
        let tokensWithoutPlace: Int
        let methods: [String]
        var testDescription: String { name }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/joined")
    static let index = Result { try Golden.decode(Index.self, "joined/joined.json") }
    static var networks: [Network] { (try? index.get().networks) ?? [] }

    private struct Case {
        let model: Model
        let arrays: [String: AnyTensor]
        let inputs: [String: AnyTensor]

        init(_ network: Network) throws {
            model = try Model(contentsOf: folder.appending(path: network.model).path, engine: ONNXRuntimeEngine())
            arrays = try NumpyArchive.read(path: folder.appending(path: network.arrays).path)
            var inputs: [String: AnyTensor] = [:]
            for name in network.inputs { inputs[name] = arrays["input.\(name)"] }
            self.inputs = inputs
        }
    }

    @Test func theFileIsComplete() throws {
        #expect(try Self.index.get().networks.count == 11)
        #expect(Self.networks.allSatisfy { $0.methods.count == 5 })
    }

    @Test(arguments: networks)
    func everyChannelCounts(_ network: Network) throws {
        let index = try Self.index.get()
        let golden = try Case(network)
        let found = try Attributor(golden.model).attribute(
            inputs: golden.inputs, target: .classIndex(index.target),
            methods: network.methods.map { MethodSpecification($0) }, layer: network.layer)
        for result in found {
            let expected = try #require(golden.arrays["expected.\(result.method.label)"]).floatTensor
            #expect(result.values.shape == expected.shape, "\(result.method.label)")
            guard result.values.shape == expected.shape else { continue }
            #expect(try relativeError(result.values, expected) <= index.tolerance, "\(result.method.label)")
        }
        let layout = try #require(found.first?.layer?.layer.layout)
        #expect(layout.channels == network.channels)
        #expect(layout.tokensWithoutPlace == network.tokensWithoutPlace)
    }

    /// The strides of the trunk are 4 in all, so cells lie 4 pixels apart wherever most of their channels lie.
    @Test(arguments: networks)
    func cellsLieWhereTheirOwnChannelsLie(_ network: Network) throws {
        let golden = try Case(network)
        let graph = try Attributor(golden.model).specialisedGraph(for: golden.inputs.mapValues(\.shape))
        let placement = try #require(try graph.layer(named: network.layer).layout).placement
        let stride = network.name == "option_a" ? 8.0 : 4.0
        for axis in [placement.rows, placement.columns] {
            // Channels that are rolled around the edge move the outermost cells a little.
            let tolerance = network.name == "four_sides" ? 1.0 : 1e-9
            #expect(abs(axis.stride - stride) <= tolerance)
            #expect(abs(axis.centre - 0.5) <= (network.name == "four_sides" ? 2.0 : 1e-9))
        }
    }

    /// One map in which all channels count is also what a compiled file computes.
    @Test func compiledFilesTakeEveryChannel() throws {
        let index = try Self.index.get()
        let network = try #require(Self.networks.first { $0.name == "image_pooling" })
        let golden = try Case(network)
        let attributor = Attributor(golden.model)
        let compiled = try attributor.compile(
            CompilationRequest(
                method: MethodSpecification("gradcam"),
                target: .fixed(.classIndex(index.target), text: "\(index.target)"), layer: network.layer,
                shapes: golden.inputs.mapValues(\.shape)))
        let program = try golden.model.engine.load(compiled.graph)
        let map = try program.run(golden.inputs, outputs: [compiled.names.map])[0].floatTensor
        let expected = try #require(golden.arrays["expected.gradcam"]).floatTensor
        #expect(try relativeError(map, expected) <= index.tolerance)
    }
}
