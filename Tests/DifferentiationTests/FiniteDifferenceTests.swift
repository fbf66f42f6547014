import Differentiation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Every rule of the catalogue against central differences of the engine's own forward results.
///
/// Inputs are odd multiples of 1/8, all different, so that every kink (0, ±1, ±2.5, ±3, ties of maxima) is 1/8 away and the
/// step of 1/64 crosses none. The difference of two float32 results over 1/32 is wrong by about 32 · 6e-8 · |y|, the
/// truncation by h² f‴ / 6 = 4e-5 f‴; together they stay below 2e-3 of the largest gradient (or of 1).
@Suite struct FiniteDifferenceTests {
    static let seed: UInt64 = 20_240_601
    static let step: Float = 1 / 64
    static let tolerance = 2e-3

    struct Case: Sendable, CustomTestStringConvertible {
        let operation: String
        let name: String
        let shapes: [Shape]
        var positive: Set<Int> = []
        let build: @Sendable (inout Graph, [ValueID]) -> ValueID

        var testDescription: String { "\(operation) \(name)" }
    }

    @Test func everyDerivativeHasACase() {
        let derivatives = RuleCatalogue.rules.filter { $0.value.character == .trueDerivative }
        #expect(Set(Self.cases.map(\.operation)) == Set(derivatives.keys))
    }

    @Test(arguments: cases)
    func rulesEqualCentralDifferences(_ example: Case) throws {
        let derivatives = try Derivatives()
        var random = SeededGenerator(seed: Self.seed)
        var graph = Graph()
        let names = example.shapes.indices.map { "x\($0)" }
        let values = zip(names, example.shapes).map { graph.addInput($0, type: .float32, shape: $1) }
        let result = example.build(&graph, values)
        graph.outputs = [Graph.Output(name: graph[result].name, value: result)]
        graph = try derivatives.specialised(graph)
        #expect(graph.nodes.contains { $0.operation == example.operation })

        var inputs: [String: [Float]] = [:]
        for (index, name) in names.enumerated() {
            inputs[name] = grid(example.shapes[index].count, positive: example.positive.contains(index), &random)
        }
        let output = graph.outputs[0]
        let shape = try #require(graph.shape(of: output.value))
        let seed = (0..<shape.count).map { _ in Float(Int.random(in: -8...8, using: &random)) / 8 }
        let type = try #require(graph[output.value].type)
        let feed = try Dictionary(
            uniqueKeysWithValues: zip(names, example.shapes).map { ($0, try floats(inputs[$0] ?? [], $1)) })
        let found = try derivatives.gradients(
            graph, of: [output.name], at: names, inputs: feed, seeds: [try floats(seed, shape).converted(to: type)])

        let program = try derivatives.engine.load(graph)
        for (index, name) in names.enumerated() {
            let analytic = try #require(found[index])
            #expect(analytic.shape == example.shapes[index])
            var worst = 0.0
            let largest = analytic.floats.map { Double(abs($0)) }.max() ?? 0
            for position in 0..<example.shapes[index].count {
                func moved(by step: Float) throws -> [Float] {
                    var feed = feed
                    var values = inputs[name] ?? []
                    values[position] += step
                    feed[name] = try floats(values, example.shapes[index])
                    return try program.run(feed, outputs: [output.name])[0].floats
                }
                let (above, below) = (try moved(by: Self.step), try moved(by: -Self.step))
                let difference = zip(seed, zip(above, below)).reduce(0.0) { sum, term in
                    sum + Double(term.0) * (Double(term.1.0) - Double(term.1.1))
                }
                let numeric = difference / (2 * Double(Self.step))
                worst = max(worst, abs(numeric - Double(analytic.floats[position])))
            }
            #expect(worst <= Self.tolerance * max(1, largest), "operand \(index), seed \(Self.seed)")
        }
    }

    /// Odd multiples of 1/8 around 0, or above 1, shuffled.
    private func grid(_ count: Int, positive: Bool, _ random: inout SeededGenerator) -> [Float] {
        let numbers = (0..<count).map { Float(2 * ($0 - (positive ? 0 : count / 2)) + 1) / 8 }
        return numbers.map { positive ? 1 + $0 : $0 }.shuffled(using: &random)
    }
}
