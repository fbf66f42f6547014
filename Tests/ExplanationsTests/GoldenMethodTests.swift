import Explanations
import Foundation
import Runtime
import Tensors
import TestSupport
import Testing

/// Every method on six tiny networks against its formula in PyTorch, float64 (`Scripts/golden/methods.py`).
@Suite struct GoldenMethodTests {
    struct Index: Decodable {
        let tolerance: Double
        let networks: [Network]
    }

    struct Network: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let model: String
        let arrays: String
        let target: String
        let layer: String
        let inputs: [String]
        /// What specifications name as a file, and where the archive has it.
        let files: [String: String]
        let cases: [Case]
        var testDescription: String { name }
    }

    struct Case: Decodable, Sendable {
        let label: String
        let method: String
        let shape: [Int]
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/methods")
    static let index = Result { try Golden.decode(Index.self, "methods/methods.json") }
    static var networks: [Network] { (try? index.get().networks) ?? [] }

    @Test func theFileIsComplete() throws {
        #expect(try Self.index.get().networks.count == 6)
        #expect(Set(Self.networks.flatMap { $0.cases.map(\.label) }).count >= 50)
    }

    @Test(arguments: networks)
    func everyMethodEqualsItsFormula(_ network: Network) throws {
        let tolerance = try Self.index.get().tolerance
        let arrays = try NumpyArchive.read(path: Self.folder.appending(path: network.arrays).path)
        let model = try Model(
            contentsOf: Self.folder.appending(path: network.model).path, engine: ONNXRuntimeEngine())
        var inputs: [String: AnyTensor] = [:]
        for name in network.inputs { inputs[name] = arrays["input.\(name)"] }
        try TemporaryFolder.with { folder in
            for (file, key) in network.files {
                try Numpy.write(try #require(arrays[key]), path: "\(folder)/\(file)")
            }
            let methods = try network.cases.map { golden in
                var text = golden.method
                for file in network.files.keys {
                    text = text.replacingOccurrences(of: "=\(file)", with: "=\(folder)/\(file)")
                }
                return try MethodSpecification(parsing: "\(golden.label)=\(text)")
            }
            let found = try Attributor(model).attribute(
                inputs: inputs, target: Target(parsing: network.target), methods: methods, layer: network.layer)
            for (result, golden) in zip(found, network.cases) {
                let expected = try #require(arrays["expected.\(golden.label)"]).floatTensor
                #expect(result.values.shape == Shape(golden.shape), "\(golden.label)")
                #expect(try relativeError(result.values, expected) <= tolerance, "\(golden.label)")
            }
        }
    }
}
