import Differentiation
import Foundation
import Graphs
import ONNXFormat
import Runtime
import Tensors
import TestSupport
import Testing

/// Every rule against PyTorch's autograd in float64 (`Scripts/golden/backward_rules.py`).
@Suite struct GoldenRulesTests {
    struct File: Decodable {
        let opset: Int
        let cases: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let `operator`: String
        let tolerance: Double
        let model: Data
        let inputs: [String: Values]
        let outputs: [String: Values]
        let cotangents: [String: Values]
        let gradients: [String: Values]

        var testDescription: String { name }
    }

    struct Values: Decodable, Sendable {
        let type: String
        let shape: [Int]
        let values: [Double]

        func tensor() throws -> AnyTensor {
            let tensor = AnyTensor(try Tensor(shape: Shape(shape), elements: values))
            return try tensor.converted(to: #require(["float32": .float32, "float64": .float64][type]))
        }
    }

    static let files = Result { try Golden.decodeAll(File.self, "rules") }
    static let cases = (try? files.get().flatMap(\.cases)) ?? []

    @Test func everyDerivativeHasACase() throws {
        let files = try Self.files.get()
        #expect(files.allSatisfy { $0.opset == Graph.opset && !$0.cases.isEmpty })
        let named = Set(Self.cases.flatMap { $0.operator.split(separator: "+").map(String.init) })
        let derivatives = RuleCatalogue.rules.filter { $0.value.character == .trueDerivative }
        #expect(named.isSuperset(of: derivatives.keys))
    }

    @Test(arguments: cases)
    func outputsAndGradientsEqualPyTorch(_ golden: Case) throws {
        let engine = try ONNXRuntimeEngine()
        let imported = try Graph(try ONNXFile.read(data: golden.model))
        var inputs = try golden.inputs.mapValues { try $0.tensor() }
        let graph = try imported.specialised(to: inputs.mapValues(\.shape), by: EngineEvaluator(engine))
        let targets = try golden.gradients.keys.sorted().map { try #require(graph.value(named: $0)) }
        let differentiated = graph.outputs.filter { golden.cotangents[$0.name] != nil }
        try #require(differentiated.count == golden.cotangents.count)
        let derived = try graph.differentiated(differentiated.map(\.value), withRespectTo: targets)

        var program = derived.graph
        var uninfluential: Set<String> = []
        for (name, target) in zip(golden.gradients.keys.sorted(), targets) {
            guard let cotangent = derived.cotangents[target] else {
                uninfluential.insert("gradient.\(name)")
                continue
            }
            program.outputs.append(Graph.Output(name: "gradient.\(name)", value: cotangent))
        }
        for (output, seed) in zip(differentiated, derived.seeds) {
            inputs[program[seed].name] = try golden.cotangents[output.name]?.tensor()
        }
        try program.validate(after: "differentiation")
        let results = try engine.load(program).run(inputs)
        let expected =
            golden.outputs.map { ($0.key, $0.value) } + golden.gradients.map { ("gradient.\($0.key)", $0.value) }
        for (name, values) in expected.sorted(by: { $0.0 < $1.0 }) {
            if uninfluential.contains(name) {
                #expect(values.values.allSatisfy { $0 == 0 }, "\(name)")
                continue
            }
            let found = try #require(results[name])
            #expect(found.shape.dimensions == values.shape, "\(name)")
            #expect(error(found, values) <= golden.tolerance, "\(name)")
        }
    }

    /// The largest difference, relative to the largest expected magnitude where that exceeds 1.
    private func error(_ found: AnyTensor, _ expected: Values) -> Double {
        let largest = expected.values.map(abs).max() ?? 0
        let differences = zip(found.floats, expected.values).map { abs(Double($0) - $1) }
        guard differences.count == expected.values.count, differences.allSatisfy(\.isFinite) else { return .infinity }
        return (differences.max() ?? 0) / max(1, largest)
    }
}
