import Differentiation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Compares a rule with central differences of the engine's own forward results.
///
/// Inputs are odd multiples of 1/8, all different, so that every kink (0, ±1, ±2.5, ±3, ties of maxima) is 1/8 away and the
/// step of 1/64 crosses none. The difference of two float32 results over 1/32 is wrong by about 32 · 6e-8 · |y|, the
/// truncation by h² f‴ / 6 = 4e-5 f‴; together they stay below 2e-3 of the largest gradient (or of 1).
struct CentralDifferences {
    static let step: Float = 1 / 64
    static let tolerance = 2e-3

    let derivatives: Derivatives

    init() throws { derivatives = try Derivatives() }

    /// Checks the gradient of a random combination of the case's result with respect to all operands.
    func check(_ example: FiniteDifferenceTests.Case, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
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
        let weights = (0..<shape.count).map { _ in Float(Int.random(in: -8...8, using: &random)) / 8 }
        let type = try #require(graph[output.value].type)
        let feed = try Dictionary(
            uniqueKeysWithValues: zip(names, example.shapes).map { ($0, try floats(inputs[$0] ?? [], $1)) })
        let found = try derivatives.gradients(
            graph, of: [output.name], at: names, inputs: feed, seeds: [try floats(weights, shape).converted(to: type)])

        let program = try derivatives.engine.load(graph)
        for (index, name) in names.enumerated() {
            let analytic = try #require(found[index], "operand \(index) of \(example), seed \(seed)")
            #expect(analytic.shape == example.shapes[index], "operand \(index) of \(example), seed \(seed)")
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
                let difference = zip(weights, zip(above, below)).reduce(0.0) { sum, term in
                    sum + Double(term.0) * (Double(term.1.0) - Double(term.1.1))
                }
                let error = abs(difference / (2 * Double(Self.step)) - Double(analytic.floats[position]))
                worst = error.isFinite ? max(worst, error) : .infinity
            }
            #expect(worst <= Self.tolerance * max(1, largest), "operand \(index) of \(example), seed \(seed)")
        }
    }

    /// Odd multiples of 1/8 around 0, or above 1, shuffled.
    private func grid(_ count: Int, positive: Bool, _ random: inout SeededGenerator) -> [Float] {
        let numbers = (0..<count).map { Float(2 * ($0 - (positive ? 0 : count / 2)) + 1) / 8 }
        return numbers.map { positive ? 1 + $0 : $0 }.shuffled(using: &random)
    }
}
