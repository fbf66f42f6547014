import Differentiation
import Foundation
import Graphs
import ONNXFormat
import Runtime
import Tensors
import TestSupport
import Testing

/// Relevance against the papers' formulas on explicit contributions (`Scripts/golden/relevance.py`).
@Suite struct RelevanceTests {
    struct File: Decodable {
        let cases: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let model: Data
        let shape: [Int]
        let x: [Float]
        let weights: [Float]
        let start: String
        let epsilon: Double
        let rules: [String: String]
        let contrast: Bool
        let relevance: [Float]
        let sum: Double
        let tolerance: Double
        /// Whether captum's rule is the definition.
        let agrees: Bool?

        var testDescription: String { name }
    }

    static func cases(_ file: String) -> [Case] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        return (try? Golden.decode(File.self, "relevance/\(file).json", beside: folder.path).cases) ?? []
    }

    static let formulas = cases("formulas")
    static let conservation = cases("conservation")
    static let captum = cases("captum")

    @Test func theFilesAreComplete() {
        #expect(Self.formulas.count == 67)
        #expect(Self.conservation.count == 16)
        #expect(Self.captum.count == 7)
    }

    @Test(arguments: formulas)
    func relevanceEqualsTheFormula(_ golden: Case) throws {
        #expect(try error(try relevance(golden), golden) <= golden.tolerance)
    }

    @Test(arguments: conservation)
    func withoutBiasAllRelevanceArrives(_ golden: Case) throws {
        let found = try relevance(golden)
        #expect(try error(found, golden) <= golden.tolerance)
        let total = found.reduce(0) { $0 + Double($1) }
        #expect(abs(total - golden.sum) <= 1e-5 * found.reduce(0) { $0 + Double(abs($1)) })
    }

    @Test(arguments: captum)
    func captumAgreesWhereItsRuleIsTheDefinition(_ golden: Case) throws {
        let found = try error(try relevance(golden), golden)
        if try #require(golden.agrees as Bool?) {
            #expect(found <= golden.tolerance)
        } else {
            // Its γ leaves the bias, its α1β0 keeps negative biases and multiplies W⁺ with negative operands.
            #expect(found > 0.01)
        }
    }

    /// The relevance of x.
    private func relevance(_ golden: Case) throws -> [Float] {
        let engine = try ONNXRuntimeEngine()
        let input = AnyTensor(try Tensor(shape: Shape(golden.shape), elements: golden.x))
        let imported = try Graph(try ONNXFile.read(data: golden.model))
        var graph = try imported.specialised(to: ["x": input.shape], by: EngineEvaluator(engine))
        let x = try #require(graph.value(named: "x"))
        let y = graph.outputs[0].value
        let weights = graph.addConstant(
            AnyTensor(try Tensor(shape: [1, golden.weights.count], elements: golden.weights)), name: "weights")
        let start = golden.start == "value" ? graph.append("Mul", [weights, y], name: "start")[0] : weights
        let composite = try composite(golden).composite(for: graph, explaining: x, scored: [y])
        let derived = try graph.differentiated([y], withRespectTo: [x], by: composite, seeds: [start])
        var program = derived.graph
        program.outputs = [Graph.Output(name: "relevance", value: try #require(derived.cotangents[x]))]
        program = program.eliminatingDeadNodes(keepingInputs: false)
        try program.validate(after: "differentiation")
        return try engine.load(program).run(["x": input], outputs: ["relevance"])[0].floats
    }

    private func composite(_ golden: Case) throws -> RelevanceComposite {
        func rule(_ kind: String) -> (any RelevanceRule)? {
            switch golden.rules[kind] {
            case "epsilon": EpsilonRelevance()
            case "gamma": GammaRelevance(gamma: 0.25)
            case "generalised-gamma": GeneralisedGammaRelevance(gamma: 0.25)
            case "alpha1beta0": AlphaBetaRelevance(alpha: 1, beta: 0)
            case "alpha2beta1": AlphaBetaRelevance(alpha: 2, beta: 1)
            case "box": BoxRelevance()
            case "flat": FlatRelevance.flat
            case "w2": FlatRelevance.squaredWeights
            default: nil
            }
        }
        var composite: RelevanceComposite
        if golden.rules["dense"] == "excitation" {
            composite = .excitation(isContrastive: golden.contrast)
        } else {
            composite = RelevanceComposite(
                convolution: try #require(rule("convolution")), dense: try #require(rule("dense")))
            composite.first = rule("first")
        }
        composite.attentionIsWeight = golden.rules["attention"] != "half"
        composite.epsilon = golden.epsilon
        return composite
    }

    private func error(_ found: [Float], _ golden: Case) throws -> Double {
        try #require(found.count == golden.relevance.count)
        let largest = golden.relevance.map { Double(abs($0)) }.max() ?? 0
        let difference = zip(found, golden.relevance).map { abs(Double($0) - Double($1)) }
        return difference.allSatisfy(\.isFinite) ? (difference.max() ?? 0) / largest : .infinity
    }
}
