import Differentiation
import Explanations
import Foundation
import Graphs
import ONNXFormat
import Runtime
import Tensors
import Testing

/// A verification finds nothing wrong where nothing is wrong, and finds what is.
@Suite struct VerificationTests {
    private func verdicts(
        _ graph: Graph, original: Graph? = nil, seed: UInt64 = 0, composite: Composite = .derivative
    ) throws -> VerificationReport {
        let bytes = try ONNXFile.serialized((original ?? graph).model())
        let model = Model(graph: graph, engine: try ONNXRuntimeEngine())
        return try ModelVerification(model, original: bytes, seed: seed, composite: composite).report()
    }

    @Test(arguments: 0..<8 as Range<UInt64>) func aSoundModelPasses(_ seed: UInt64) throws {
        let report = try verdicts(try Toys.classifier(batch: 1, softmax: true), seed: seed)
        #expect(report.passed)
        #expect(report.checks.filter { $0.verdict == .passed }.count >= 4)
        #expect(report.checks.contains { $0.name.contains("output 'probabilities'") && $0.verdict == .passed })
        #expect(report.checks.contains { $0.name.hasPrefix("gradient at layer") && $0.verdict == .passed })
    }

    /// A class that a file switches off leaves the others to be verified; where nothing is finite, nothing passes.
    @Test(
        arguments: [([0, -.infinity, 0], true), ([0, .nan, 0], true), ([.nan, .nan, .nan], false)] as [([Float], Bool)])
    func brokenClassesAreLeftOut(_ bias: [Float], _ passes: Bool) throws {
        var graph = try Toys.classifier(batch: 1)
        let offsets = graph.addConstant(AnyTensor(Tensor(vector: bias)), name: "offsets")
        let scores = graph.append("Add", [graph.outputs[0].value, offsets], name: "masked")[0]
        graph.outputs = [Graph.Output(name: "masked", value: scores)]
        let checks = try verdicts(graph).checks.filter { $0.name == "gradient of 'x'" }
        #expect(!checks.isEmpty && checks.allSatisfy { $0.verdict == (passes ? .passed : .failed) })
        #expect(checks.allSatisfy { $0.detail.contains("1 of the outputs' numbers are NaN or infinite") } == passes)
    }

    @Test func aWrongRuleFails() throws {
        /// A ReLU that lets everything through.
        struct Leaking: BackwardRule {
            func cotangents(_ step: inout BackwardStep) -> [Cotangent?] {
                step.resultCotangents.map { $0.map { Cotangent($0, [1, 2, 2, 2]) } }
            }
        }
        let composite = Composite([.init(Leaking()) { node, _ in node.operation == "Relu" }])
        let report = try verdicts(try Toys.classifier(batch: 1), composite: composite)
        #expect(!report.passed)
        #expect(report.checks.contains { $0.verdict == .failed && $0.name == "gradient of 'x'" })
        #expect(!report.checks.contains { $0.verdict == .failed && $0.name.hasPrefix("output") })
    }

    @Test func anotherModelThanTheFileFails() throws {
        var altered = try Toys.classifier(batch: 1)
        let logits = altered.outputs[0].value
        let doubled = altered.append("Add", [logits, logits], name: "doubled")[0]
        altered.outputs = [Graph.Output(name: "doubled", value: doubled)]
        var original = try Toys.classifier(batch: 1)
        original.outputs[0].name = "doubled"
        let report = try verdicts(altered, original: original)
        let check = try #require(report.checks.first)
        #expect(check.verdict == .failed && !report.passed)
        // |2y - y| / max |y| of the same output.
        #expect(abs(try #require(check.difference) - 1) < 1e-5)
    }

    @Test func straightThroughIsSkippedAndSaid() throws {
        struct Through: BackwardRule {
            var character: RuleCharacter { .straightThrough }
            func cotangents(_ step: inout BackwardStep) -> [Cotangent?] { step.none }
        }
        let composite = Composite([.init(Through()) { node, _ in node.operation == "Relu" }])
        let report = try verdicts(try Toys.classifier(batch: 1), composite: composite)
        let check = try #require(report.checks.first { $0.name == "gradient of 'x'" })
        #expect(check.verdict == .skipped && check.detail.contains("straight through"))
    }
}
