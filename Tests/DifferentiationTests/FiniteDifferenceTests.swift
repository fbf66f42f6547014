import Differentiation
import Graphs
import Tensors
import Testing

/// Every rule of the catalogue against central differences, in chosen cases.
@Suite struct FiniteDifferenceTests {
    static let seed: UInt64 = 20_240_601

    struct Case: Sendable, CustomTestStringConvertible, CustomStringConvertible {
        let operation: String
        let name: String
        let shapes: [Shape]
        var positive: Set<Int> = []
        let build: @Sendable (inout Graph, [ValueID]) -> ValueID

        var description: String { "\(operation) \(name) \(shapes)" }
        var testDescription: String { "\(operation) \(name)" }
    }

    @Test func everyDerivativeHasACase() {
        let derivatives = RuleCatalogue.rules.filter { $0.value.character == .trueDerivative }
        #expect(Set(Self.cases.map(\.operation)) == Set(derivatives.keys))
    }

    @Test(arguments: cases)
    func rulesEqualCentralDifferences(_ example: Case) throws {
        try CentralDifferences().check(example, seed: Self.seed)
    }
}
