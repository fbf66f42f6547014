import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Methods on modified backward passes and on attention against PyTorch code written from the papers, in float64
/// (`Scripts/golden/modified_backward.py`), and against what must hold for every network.
@Suite struct ModifiedBackwardTests {
    struct Index: Decodable {
        let target: String
        let tolerance: Double
        let networks: [Network]
    }

    struct Network: Decodable, Sendable {
        let name: String
        let layer: String?
        let methods: [String]
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let network: Network
        let method: String
        var testDescription: String { "\(network.name) \(method)" }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    static let index = Result { try Golden.decode(Index.self, "modified/modified.json") }
    static var cases: [Case] {
        ((try? index.get().networks) ?? []).flatMap { network in
            network.methods.map { Case(network: network, method: $0) }
        }
    }

    private func ask(
        _ file: String, _ input: [String: AnyTensor], _ methods: [String], target: String, layer: String? = nil
    ) throws -> [Attribution] {
        let model = try Model(contentsOf: Self.folder.appending(path: file).path, engine: ONNXRuntimeEngine())
        return try Attributor(model).attribute(
            inputs: input, target: Target(parsing: target), targetText: target,
            methods: methods.map { try MethodSpecification(parsing: $0) }, layer: layer)
    }

    @Test func theFileIsComplete() throws {
        #expect(try Self.index.get().networks.count == 5)
        #expect(Self.cases.count == 20)
    }

    @Test(arguments: cases) func equalsPyTorch(_ golden: Case) throws {
        let arrays = try NumpyArchive.read(
            path: Self.folder.appending(path: "modified/\(golden.network.name).npz").path)
        let input = try #require(arrays["input"])
        let found = try ask(
            "modified/\(golden.network.name).onnx", ["input": input], [golden.method],
            target: Self.index.get().target, layer: golden.network.layer)[0]
        let expected = try #require(arrays[golden.method]).floatTensor
        #expect(found.values.shape == expected.shape)
        #expect(try relativeError(found.values, expected) <= Self.index.get().tolerance)
    }

    /// Every golden family of both exporters: gates, attention, windows, all activations, normalisations, detectors.
    static var families: [GoldenFamilyTests.Case] { GoldenFamilyTests.cases }

    /// Σ m (x - x̄) = S(x) - S(x̄), and Σ x ∂S/∂x + Σ bias shares = S.
    @Test(arguments: families, ["deeplift", "deeplift:baseline=0.5", "fullgrad:map=signed"])
    func sharesSumToTheScore(_ golden: GoldenFamilyTests.Case, method: String) throws {
        let arrays = try NumpyArchive.read(path: GoldenFamilyTests.folder.appending(path: golden.network.arrays).path)
        var inputs: [String: AnyTensor] = [:]
        for name in golden.network.inputs { inputs[name] = arrays["input.\(name)"] }
        let found = try ask(
            "families/\(golden.file.file)", inputs, [method], target: golden.network.target)[0]
        let total = found.values.elements.reduce(0.0) { $0 + Double($1) }
        let score = Double(found.scores[0])
        let numbers = Dictionary(uniqueKeysWithValues: found.checks[0].map { ($0.name, $0.value) })
        let expected = method.hasPrefix("deeplift") ? score - (try #require(numbers["baseline score"])) : score
        #expect(abs(total - expected) <= 2e-3 * max(abs(score), abs(expected)))
        #expect(try #require(numbers["completeness gap"]) <= 2e-3 * max(1, abs(score / expected)))
    }

    /// On a linear network DeepLIFT is the gradient times the difference; FullGrad's signed map is exact there too.
    @Test func linearNetworks() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [.symbolic("n"), .fixed(1), .fixed(2), .fixed(2)])
        let flat = graph.append("Flatten", [x])[0]
        let weight = graph.addConstant(try Toys.floats([1, -2, 3, 0.5], [4, 1]))
        let bias = graph.addConstant(try Toys.floats([0.75]))
        let y = graph.append("Gemm", [flat, weight, bias], name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: y)]
        let found = try Toys.attributor(graph).attribute(
            inputs: ["x": Toys.floats([1, 2, 3, 4, 0, 1, 0, -2], [2, 1, 2, 2])], target: Target(parsing: "0"),
            methods: [
                MethodSpecification("deeplift"), MethodSpecification(parsing: "deeplift:baseline=1"),
                MethodSpecification(parsing: "fullgrad:map=signed"),
            ])
        #expect(found[0].values.elements == [1, -4, 9, 2, 0, -2, 0, -1])
        #expect(found[1].values.elements == [0, -2, 6, 1.5, -1, 0, -3, -1.5])
        let shared: Float = 0.75 / 4
        #expect(found[2].values.elements == [1, -4, 9, 2, 0, -2, 0, -1].map { $0 + shared })
        #expect(found[0].checks.map { $0[0].value } == [0.75, 0.75])
        #expect(
            found.flatMap { $0.checks.flatMap { $0 } }.filter { $0.name == "completeness gap" }.allSatisfy {
                $0.value < 1e-6
            })
    }

    @Test func theBaselineMayBeAFileOfOneSample() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "baseline-\(UUID()).npy").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Numpy.write(AnyTensor(Tensor<Float>(repeating: 1, shape: [2, 2, 2])), path: path)
        func ask(_ baseline: String) throws -> Attribution {
            try Toys.attributor(Toys.classifier(batch: nil)).attribute(
                inputs: ["x": Toys.floats(Toys.pixels, [3, 2, 2, 2])], target: Target(parsing: "1"),
                methods: [MethodSpecification(parsing: "deeplift:baseline=\(baseline)")])[0]
        }
        #expect(try ask(path).values == ask("1").values)
        // relu: (max(x, 0) - 1) w / 4.
        let expected = (0..<24).map { index in
            (max(Toys.pixels[index], 0) - 1) * Toys.weights[2 + (index / 4) % 2] / 4
        }
        #expect(try zip(ask("1").values.elements, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        try Numpy.write(AnyTensor(Tensor<Float>(repeating: 1, shape: [3])), path: path)
        for wrong in [path, "nan", "missing.npy"] {
            #expect(throws: ExplanationError.self) { try ask(wrong) }
        }
    }

    @Test func aModelWithoutRectifiersIsToldSo() throws {
        func notes(_ operation: String, _ method: String, bounds: [Float] = []) throws -> String {
            var graph = Graph()
            let x = graph.addInput("x", type: .float32, dimensions: [.fixed(1), .fixed(1), .fixed(2), .fixed(2)])
            let constants = try bounds.map { graph.addConstant(try Toys.floats([$0], [])) }
            let active = graph.append(operation, [x] + constants)[0]
            let pooled = graph.append("GlobalAveragePool", [active])[0]
            graph.outputs = [Graph.Output(name: "y", value: graph.append("Flatten", [pooled], name: "y")[0])]
            return try Toys.attributor(graph).attribute(
                inputs: ["x": Toys.floats([1, 2, 3, 4], [1, 1, 2, 2])], target: Target(parsing: "0"),
                methods: [MethodSpecification(parsing: method)])[0].notes.joined(separator: "\n")
        }
        #expect(try notes("Sigmoid", "guided-backprop").contains("guided-backprop is the plain gradient"))
        let rectified = try notes("Relu", "deconvnet")
        #expect(!rectified.contains("plain gradient"))
        let clipped = try notes("Clip", "deconvnet:relu6=false", bounds: [0, 6])
        #expect(clipped.contains("1 Clip node acts as ReLU6") && clipped.contains("deconvnet is the plain gradient"))
        let counted = try notes("Clip", "deconvnet", bounds: [0, 6])
        #expect(!counted.contains("ReLU6") && !counted.contains("plain gradient"))
        // No rectifier: its lower bound is not 0.
        #expect(
            try notes("Clip", "guided-backprop", bounds: [-1, 1]).contains("guided-backprop is the plain gradient"))
    }

    /// Windows, channel attention and class attention are no attention from all tokens to all tokens; neither is a convolution.
    @Test(
        arguments: [
            "layouts/swin.onnx", "layouts/xcit.onnx", "layouts/cait.onnx", "layouts/maxvit.onnx",
            "families/mlp_mixer.torchscript.onnx", "networks/resnet18.dynamo.onnx",
        ], ["attention-rollout", "attention-gradient"])
    func otherAttentionIsRefused(_ file: String, _ method: String) throws {
        let model = try Model(contentsOf: Self.folder.appending(path: file).path, engine: ONNXRuntimeEngine())
        let dimensions = model.inputs[0].dimensions.map { $0.length ?? 1 }
        let input = AnyTensor(Tensor<Float>(repeating: 0.5, shape: Shape(dimensions)))
        #expect {
            _ = try Attributor(model).attribute(
                inputs: [model.inputs[0].name: input], target: Target(parsing: "0"),
                methods: [MethodSpecification(parsing: method)])
        } throws: { error in
            guard case ExplanationError.unsuitable(let name, _)? = error as? ExplanationError else { return false }
            return name == method
        }
    }

    /// Attention that is the same for all five tokens, without perceptrons: a block's rollout is (U + I)/2, so the class token
    /// takes `(1 - 2^-blocks) / 5` from every patch.
    @Test(arguments: [1, 2, 5]) func rolloutOfUniformAttention(blocks: Int) throws {
        let found = try uniform("attention-rollout", blocks: blocks)
        let expected = (1 - powf(2, -Float(blocks))) / 5
        #expect(found.values.shape == [1, 2, 2])
        #expect(found.values.elements.allSatisfy { abs($0 - expected) < 1e-6 })
    }

    /// Of one block with the score `v_0 + Σ_j A_0j v_j` of the class token, `∂S/∂A_0j = v_j`, so its row of relevance is
    /// `max(v_j, 0) / 5`.
    @Test func gradientWeightedUniformAttention() throws {
        let found = try uniform("attention-gradient", blocks: 1)
        let expected: [Float] = [1, 0, 3, 0.5].map { $0 / 5 }
        #expect(zip(found.values.elements, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    /// Four pixels and a class token, queries of zeros, the values passed on; the score is the class token's number.
    private func uniform(_ method: String, blocks: Int) throws -> Attribution {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [.fixed(1), .fixed(1), .fixed(2), .fixed(2)])
        func integers(_ values: [Int64]) -> ValueID { graph.addConstant(AnyTensor(Tensor(vector: values))) }
        let patches = graph.append("Reshape", [x, integers([1, 4, 1])])[0]
        let classToken = graph.addConstant(try Toys.floats([0.25], [1, 1, 1]))
        var tokens = graph.append("Concat", [classToken, patches], attributes: ["axis": .integer(1)])[0]
        let zero = graph.addConstant(try Toys.floats([0], []))
        for _ in 0..<blocks {
            let queries = graph.append("Reshape", [graph.append("Mul", [tokens, zero])[0], integers([1, 1, 5, 1])])[0]
            let keys = graph.append("Transpose", [queries], attributes: ["perm": .integers([0, 1, 3, 2])])[0]
            let weights = graph.append("Softmax", [graph.append("MatMul", [queries, keys])[0]])[0]
            let values = graph.append("Reshape", [tokens, integers([1, 1, 5, 1])])[0]
            let mixed = graph.append("MatMul", [weights, values])[0]
            let flat = graph.append("Reshape", [mixed, integers([1, 5, 1])])[0]
            tokens = graph.append("Add", [tokens, flat])[0]
        }
        let first = graph.append("Gather", [tokens, integers([0])], attributes: ["axis": .integer(1)])[0]
        graph.outputs = [Graph.Output(name: "y", value: graph.append("Flatten", [first], name: "y")[0])]
        return try Toys.attributor(graph).attribute(
            inputs: ["x": Toys.floats([1, -2, 3, 0.5], [1, 1, 2, 2])], target: Target(parsing: "0"),
            methods: [MethodSpecification(method)])[0]
    }
}
