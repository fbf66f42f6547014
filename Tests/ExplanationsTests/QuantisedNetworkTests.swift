import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Files of onnxruntime.quantization against the float network in PyTorch and the engine's own results (`Scripts/golden/quantised_networks.py`).
@Suite struct QuantisedNetworkTests {
    struct Index: Decodable {
        let shape: [Int]
        let pictures: [String: [Float]]
        let cases: [Network]
    }

    struct Network: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        /// `plain`, `saturated` (the last quantiser cuts the score off), or `float`.
        let kind: String
        let picture: String
        let target: Int
        /// What the file computes with the engine's default options.
        let output: [Float]
        /// The float network's score before its end, and its Grad-CAM.
        let score: Float
        let map: [Float]
        let parameters: Int

        var testDescription: String { name }
        var path: String { QuantisedNetworkTests.folder.appending(path: "\(name).onnx").path }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/quantised")
    static let index = Result { try Golden.decode(Index.self, "quantised/quantised.json") }
    static var cases: [Network] { (try? index.get().cases) ?? [] }
    static var saturated: [Network] { cases.filter { $0.kind == "saturated" } }

    private func picture(_ golden: Network) throws -> AnyTensor {
        let index = try Self.index.get()
        return AnyTensor(
            try Tensor(shape: Shape(index.shape), elements: #require(index.pictures[golden.picture])))
    }

    private func attributor(_ golden: Network) throws -> Attributor {
        Attributor(try Model(contentsOf: golden.path, engine: ONNXRuntimeEngine()))
    }

    private func cosine(_ first: [Float], _ second: [Float]) -> Double {
        func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        return dot(first, second) / (dot(first, first) * dot(second, second)).squareRoot()
    }

    @Test func theFileIsComplete() throws {
        #expect(try Self.index.get().cases.count == 15)
    }

    @Test(arguments: cases)
    func compiledFilesRunWithTheEnginesOwnOptions(_ golden: Network) throws {
        let attributor = try attributor(golden)
        let request = CompilationRequest(
            method: MethodSpecification("gradcam"),
            target: try CompilationTarget(parsing: golden.kind == "saturated" ? "logit(0)" : "top1"),
            shapes: ["x": Shape(try Self.index.get().shape)])
        let compiled = try attributor.compile(request)
        let bytes = try compiled.serialized(metadata: [:], version: "test")
        let program = try ONNXRuntimeEngine().load(bytes, options: ProgramOptions(isStock: true))
        let results = try program.run(["x": picture(golden)])
        // The model's own output, but for the integer kernels' rounding: two steps of the last quantiser.
        let output = try #require(results["y"]).floats
        let range = (golden.output.max() ?? 0) - (golden.output.min() ?? 0)
        #expect(
            zip(output, golden.output).allSatisfy { abs($0 - $1) <= (golden.kind == "float" ? 1e-5 : 0.05) * range },
            "\(output), expected \(golden.output)")
        if golden.kind == "saturated"
            || golden.output.indices.max(by: { golden.output[$0] < golden.output[$1] }) == golden.target
        {
            let map = try #require(results["map"]).floats
            #expect(cosine(map, golden.map) > (golden.kind == "float" ? 0.999_999 : 0.97), "\(map)")
        }
        let check = try attributor.check(compiled, bytes: bytes)
        #expect(check.passed, "\(check)")
    }

    @Test(arguments: cases)
    func mapsAreThoseOfTheFloatNetwork(_ golden: Network) throws {
        let answer = try attributor(golden).attribute(
            inputs: ["x": picture(golden)], target: Target(parsing: "logit(\(golden.target))"),
            methods: [MethodSpecification("gradcam")])[0]
        #expect(answer.notes.allSatisfy { !$0.contains("every value") }, "\(answer.notes)")
        #expect(cosine(answer.values.elements, golden.map) > 0.97, "\(answer.values.elements)")
        #expect(abs((answer.scores.first ?? .nan) - golden.score) < 0.05 * max(abs(golden.score), 0.2))
    }

    /// What the model puts out does not move with the picture any more, and it is said why.
    @Test(arguments: saturated)
    func aSaturatedLastQuantiserIsNamed(_ golden: Network) throws {
        let answer = try attributor(golden).attribute(
            inputs: ["x": picture(golden)], target: .classIndex(golden.target),
            methods: [MethodSpecification("gradcam")])[0]
        #expect(answer.values.elements.allSatisfy { $0 == 0 })
        let notes = answer.notes.joined(separator: "\n")
        #expect(notes.contains("every value of gradcam is zero") && notes.contains("upper limit of the QuantizeLinear"))
        #expect(notes.contains("logit("))
    }

    @Test(arguments: cases)
    func integerWeightsCount(_ golden: Network) throws {
        let inspection = try ModelInspection(contentsOf: golden.path, engine: ONNXRuntimeEngine())
        #expect(inspection.parameters == golden.parameters)
    }

    /// The scores of a saturated class and of others are told apart in front of the quantiser.
    @Test(arguments: saturated)
    func theReadingIsThatInFrontOfTheQuantiser(_ golden: Network) throws {
        let reading = try #require(try attributor(golden).reading(of: ["x": picture(golden)], input: "x"))
        let best = try #require(try reading.head.findings(in: reading.outputs).first)
        #expect(best.index == golden.target && abs(best.score - Double(golden.score)) < 0.05 * Double(golden.score))
        #expect(Double(golden.output[golden.target]) < 0.8 * best.score)
    }
}
