import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Tiny networks that depart from a plain classifier against PyTorch in float64 (`Scripts/golden/family_networks.py`):
/// class tokens, shifted windows, channels last, gates, raw detector heads, several inputs and outputs.
@Suite struct GoldenFamilyTests {
    struct Index: Decodable {
        let tolerance: Double
        let networks: [Network]
    }

    struct Network: Decodable, Sendable {
        let name: String
        let target: String
        let inputs: [String]
        let layout: String
        let arrays: String
        let files: [File]
    }

    struct File: Decodable, Sendable {
        let exporter: String
        let file: String
        let layer: String
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let network: Network
        let file: File
        var testDescription: String { file.file }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/families")
    static let index = Result { try Golden.decode(Index.self, "families/families.json") }
    static var cases: [Case] {
        ((try? index.get().networks) ?? []).flatMap { network in network.files.map { Case(network: network, file: $0) }
        }
    }

    @Test func theFileIsComplete() throws {
        #expect(try Self.index.get().networks.count == 17)
        #expect(Self.cases.count == 30)
    }

    @Test(arguments: cases, ["score", "gradient", "gradcam"])
    func equalsPyTorch(_ golden: Case, method: String) throws {
        let network = golden.network
        let arrays = try NumpyArchive.read(path: Self.folder.appending(path: network.arrays).path)
        let model = try Model(
            contentsOf: Self.folder.appending(path: golden.file.file).path, engine: ONNXRuntimeEngine())
        var inputs: [String: AnyTensor] = [:]
        for name in network.inputs {
            let tensor: AnyTensor = try #require(arrays["input.\(name)"])
            inputs[name] = tensor
        }
        let result = try Attributor(model).attribute(
            inputs: inputs, target: Target(parsing: network.target), methods: [MethodSpecification(method)],
            layer: golden.file.layer)[0]
        // Tokens and channels-last layers give [B, H, W] as all others do.
        let expected = try #require(arrays[method]).floatTensor
        #expect(result.values.shape == expected.shape)
        #expect(try relativeError(result.values, expected) <= Self.index.get().tolerance)
    }
}
