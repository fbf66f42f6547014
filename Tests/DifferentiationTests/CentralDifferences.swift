import Differentiation
import Graphs
import Runtime
import Tensors
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
        let (graph, names) = try self.graph(example)
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

    /// Differentiates the derivative once more: `∂⟨Jᵀs, v⟩/∂s = J v`, the forward results' slope along `v`.
    ///
    /// So every operator that a rule emits has a rule, and the derived graph is what it should be as a function of its seed.
    func checkSecondUse(_ example: FiniteDifferenceTests.Case, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (graph, names) = try self.graph(example)
        let output = graph.outputs[0]
        let shape = try #require(graph.shape(of: output.value))
        let derived = try derivatives.derivedGraph(graph, of: [output.name], at: names)
        let target = try #require(graph.value(named: names[0]))
        let gradient = try #require(derived.cotangents[target])
        var first = derived.graph
        first.outputs = [Graph.Output(name: first[gradient].name, value: gradient)]
        first = try derivatives.specialised(first.eliminatingDeadNodes(keepingInputs: true))
        // Where all of the operand is taken, its cotangent is the seed itself.
        guard !first.nodes.isEmpty else { return }

        let seedName = derived.graph[derived.seeds[0]].name
        var feed: [String: AnyTensor] = [:]
        var points: [[Float]] = []
        for (index, name) in names.enumerated() {
            let shape = example.shapes[index]
            points.append(grid(shape.count, positive: example.positive.contains(index), &random))
            feed[name] = try floats(points[index], shape)
        }
        // One coordinate at a time, as in `check`, keeps products of many factors exact.
        let moved = Int.random(in: 0..<max(points[0].count, 1), using: &random)
        let direction = points[0].indices.map { $0 == moved ? Float(1) : 0 }
        func forward(_ distance: Float) throws -> [Float] {
            var feed = feed
            feed[names[0]] = try floats(zip(points[0], direction).map { $0 + distance * $1 }, example.shapes[0])
            return try derivatives.outputs(graph, feed)[0].floats
        }
        let slopes = try zip(forward(Self.step), forward(-Self.step)).map { ($0 - $1) / (2 * Self.step) }
        feed[seedName] = try floats([Float](repeating: 1, count: shape.count), shape)
        let found = try derivatives.gradients(
            first, of: [first.outputs[0].name], at: [seedName], inputs: feed,
            seeds: [try floats(direction, example.shapes[0])])
        let product = try #require(found[0]).floats
        let errors = zip(slopes, product).map { abs($0 - $1) }
        let worst = errors.allSatisfy(\.isFinite) ? Double(errors.max() ?? 0) : .infinity
        let largest = Double(slopes.map(abs).max() ?? 0)
        #expect(product.count == slopes.count && worst <= Self.tolerance * max(1, largest), "\(example), seed \(seed)")
    }

    /// The case's graph with all shapes known, and its inputs' names.
    private func graph(_ example: FiniteDifferenceTests.Case) throws -> (graph: Graph, inputs: [String]) {
        var graph = Graph()
        let names = example.shapes.indices.map { "x\($0)" }
        let values = zip(names, example.shapes).map { graph.addInput($0, type: .float32, shape: $1) }
        let result = example.build(&graph, values)
        graph.outputs = [Graph.Output(name: graph[result].name, value: result)]
        return (try derivatives.specialised(graph), names)
    }

    /// Odd multiples of 1/8 around 0, or above 1, shuffled.
    private func grid(_ count: Int, positive: Bool, _ random: inout SeededGenerator) -> [Float] {
        let numbers = (0..<count).map { Float(2 * ($0 - (positive ? 0 : count / 2)) + 1) / 8 }
        return numbers.map { positive ? 1 + $0 : $0 }.shuffled(using: &random)
    }
}
