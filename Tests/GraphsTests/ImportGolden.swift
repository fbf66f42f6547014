import Foundation
import Graphs
import ONNXFormat
import Runtime
import Tensors
import TestSupport
import Testing

/// What `Scripts/golden/imports.py` wrote: models that the import takes apart, and what ONNX Runtime computes with them.
struct ImportGolden: Decodable {
    struct Case: Decodable {
        let group: String
        let name: String
        /// How far rounding may move a quantised result; nil where it is not quantised.
        let step: Float?
        let model: Data
        let inputs: [UpgradeGolden.Value]
        let outputs: [UpgradeGolden.Value]

        var shapes: [String: Shape] {
            Dictionary(uniqueKeysWithValues: inputs.map { ($0.name, Shape($0.dims)) })
        }

        func feeds() throws -> [String: AnyTensor] {
            try Dictionary(uniqueKeysWithValues: inputs.map { ($0.name, try $0.tensor()) })
        }

        /// The model as it is imported.
        func graph() throws -> Graph { try Graph(Upgrades.apply(to: ONNXFile.read(data: model))) }

        /// The graph at the shapes of the case's inputs.
        func specialised() throws -> Graph { try graph().specialised(to: shapes, by: Models.evaluator()) }
    }

    let tolerance: UpgradeGolden.Tolerance
    let cases: [Case]

    static func cases(_ group: String) throws -> [Case] {
        let cases = try Golden.decode(ImportGolden.self, "imports.json").cases.filter { $0.group == group }
        try #require(!cases.isEmpty)
        return cases
    }

    /// Runs a graph on a case's inputs and compares with what the file's own nodes gave.
    static func check(
        _ graph: Graph, computes golden: Case, absolute: Float = 2e-6, relative: Float = 2e-6
    ) throws {
        let inputs = Set(graph.inputs.map { graph[$0].name })
        var feeds: [String: AnyTensor] = [:]
        for (name, tensor) in try golden.feeds() where inputs.contains(name) {
            let type = graph.value(named: name).flatMap { graph[$0].type }
            feeds[name] = tensor.converted(to: type ?? tensor.elementType)
        }
        let results = try Models.run(graph, feeds)
        #expect(results.count == golden.outputs.count, "\(golden.name)")
        for (result, output) in zip(results, golden.outputs) {
            let expected = try output.tensor()
            #expect(result.shape == expected.shape, "\(golden.name)")
            let excess = zip(result.floats, expected.floats).map { abs($0 - $1) - relative * abs($1) }
            #expect(excess.allSatisfy { $0 <= absolute }, "\(golden.name): \(excess.max() ?? 0)")
        }
    }
}
