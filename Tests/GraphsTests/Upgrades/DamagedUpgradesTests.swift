import Foundation
import Graphs
import ONNXFormat
import ONNXMessages
import Tensors
import TestSupport
import Testing

@Suite struct DamagedUpgradesTests {
    @Test func everyDamagedModelOfAnOldOpsetIsUpgradedOrRefused() throws {
        // About every twelfth stays readable and comes as far as the upgrades.
        let models = try UpgradeGolden.load().cases.map(\.model)
        var random = SeededGenerator(seed: 20_261_121)
        var upgraded = 0
        var refused = 0
        for round in 0..<130_000 {
            let damaged = models[round % models.count].mutated(using: &random)
            guard let model = try? ONNXFile.read(data: damaged) else { continue }
            do {
                let result = try Upgrades.apply(to: model)
                // A node is rewritten, never dropped.
                #expect(result.graph.node.count >= model.graph.node.count)
                upgraded += 1
            } catch {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(upgraded + refused > 10_000)
        #expect(refused > 100)
    }
}
