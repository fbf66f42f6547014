import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Networks with recurrent layers by both exporters against PyTorch in float64 (`Scripts/golden/recurrent_networks.py`).
@Suite struct GoldenRecurrentTests {
    struct Index: Decodable {
        let tolerance: Double
        let networks: [Network]
    }

    struct Network: Decodable, Sendable {
        let name: String
        let arrays: String
        let target: String
        let files: [String]
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let network: Network
        let file: String
        var testDescription: String { file }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/recurrent")
    static let index = Result { try Golden.decode(Index.self, "recurrent/recurrent.json") }
    static var cases: [Case] {
        ((try? index.get().networks) ?? []).flatMap { network in network.files.map { Case(network: network, file: $0) }
        }
    }

    @Test func theFileIsComplete() {
        #expect(Self.cases.count == 12)
    }

    @Test(arguments: cases)
    func scoreAndGradientEqualPyTorch(_ golden: Case) throws {
        let arrays = try NumpyArchive.read(path: Self.folder.appending(path: golden.network.arrays).path)
        for result in try results(golden, ["score", "gradient"]) {
            let expected = try #require(arrays[result.method.label]).floatTensor
            #expect(try relativeError(result.values, expected) <= Self.index.get().tolerance, "\(result.method.label)")
        }
    }

    /// DeepLIFT's shares sum to the difference of the scores, whatever cells lie between.
    @Test(arguments: cases)
    func multipliersAreComplete(_ golden: Case) throws {
        let arrays = try NumpyArchive.read(path: Self.folder.appending(path: golden.network.arrays).path)
        let found = try results(golden, ["score", "deeplift"])
        let input: AnyTensor = try #require(arrays["input"])
        let zeros = AnyTensor(zeros: .float32, shape: input.shape)
        let before = try results(golden, ["score"], at: zeros)[0].values.elements[0]
        let sum = found[1].values.elements.reduce(0) { $0 + Double($1) }
        let difference = Double(found[0].values.elements[0] - before)
        #expect(abs(sum - difference) <= 1e-3 * max(abs(difference), 0.1))
    }

    private func results(_ golden: Case, _ methods: [String], at other: AnyTensor? = nil) throws -> [Attribution] {
        let arrays = try NumpyArchive.read(path: Self.folder.appending(path: golden.network.arrays).path)
        let model = try Model(contentsOf: Self.folder.appending(path: golden.file).path, engine: ONNXRuntimeEngine())
        let input: AnyTensor = try #require(arrays["input"])
        return try Attributor(model).attribute(
            inputs: ["x": other ?? input], target: Target(parsing: golden.network.target),
            methods: methods.map { MethodSpecification($0) })
    }
}
