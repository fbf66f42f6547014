import Foundation
import Graphs
import ONNXFormat
import ONNXMessages
import Tensors
import TestSupport
import Testing

@Suite struct DamagedImportTests {
    @Test func everyDamagedModelIsImportedOrRefused() throws {
        let groups = ["functions", "control flow", "halves", "quantised"]
        let models = try groups.flatMap { try ImportGolden.cases($0).map(\.model) }.filter { $0.count < 4000 }
        var random = SeededGenerator(seed: 20_261_121)
        var imported = 0
        var refused = 0
        for round in 0..<120_000 {
            let damaged = models[round % models.count].mutated(using: &random)
            guard let model = try? ONNXFile.read(data: damaged) else { continue }
            do {
                let graph = try Graph(Upgrades.apply(to: model))
                #expect(graph.nodes.count < 1000)
                imported += 1
            } catch {
                #expect("\(error)".count > 20)
                refused += 1
            }
        }
        #expect(imported + refused > 10_000)
        #expect(refused > 1000)
    }

    @Test func damagedControlFlowIsResolvedOrRefused() throws {
        let cases = try ImportGolden.cases("control flow")
        let evaluator = try Models.evaluator()
        var random = SeededGenerator(seed: 3)
        var resolved = 0
        for round in 0..<10_000 {
            let golden = cases[round % cases.count]
            guard let model = try? ONNXFile.read(data: golden.model.mutated(using: &random)),
                let graph = try? Graph(Upgrades.apply(to: model))
            else { continue }
            // Without the engine's shapes, so that no damaged graph runs: what is settled is settled by constants.
            if let result = try? graph.resolvingControlFlow(by: evaluator) {
                #expect(result.nodes.count <= 15_000 + graph.nodes.count)
                resolved += 1
            }
        }
        #expect(resolved > 100)
    }
}
