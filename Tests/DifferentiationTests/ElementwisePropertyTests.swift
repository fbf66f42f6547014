import Differentiation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Element-wise and normalising operators with drawn shapes, broadcasts and attributes, against central differences.
///
/// Operands hold distinct odd multiples of 1/16 and drawn bounds are multiples of 1/8, so that every kink and tie is 1/16
/// away and the step of 1/64 crosses none; the tolerance is that of `FiniteDifferenceTests`.
@Suite struct ElementwisePropertyTests {
    static let draws = 20
    static let step: Float = 1 / 64
    static let tolerance = 2e-3

    /// Where an operand's values lie.
    enum Domain { case real, positive, awayFromZero, insideOne }

    /// One drawn application of an operator; operands that are constants are not differentiated.
    struct Draw: CustomStringConvertible {
        var shapes: [Shape]
        var domains: [Domain] = []
        var attributes: [String: Attribute] = [:]
        var constants: Set<Int> = []

        var description: String { "shapes \(shapes), attributes \(attributes), constants \(constants)" }
    }

    @Test(arguments: ElementwiseDraws.operations)
    func rulesEqualCentralDifferences(_ operation: String) throws {
        let derivatives = try Derivatives()
        let draw = try #require(ElementwiseDraws.table[operation])
        for number in 0..<Self.draws {
            let seed = operation.utf8.reduce(UInt64(number + 1)) { $0 &* 31 &+ UInt64($1) }
            var random = SeededGenerator(seed: seed)
            try check(operation, draw(&random), seed: seed, &random, derivatives)
        }
    }

    private func check(
        _ operation: String, _ draw: Draw, seed: UInt64, _ random: inout SeededGenerator, _ derivatives: Derivatives
    ) throws {
        var values = operands(draw, &random)
        var graph = Graph()
        let operands = try draw.shapes.indices.map { index in
            draw.constants.contains(index)
                ? graph.addConstant(try floats(values[index], draw.shapes[index]))
                : graph.addInput("x\(index)", type: .float32, shape: draw.shapes[index])
        }
        let result = graph.append(operation, operands, attributes: draw.attributes, name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: result)]
        graph = try derivatives.specialised(graph)
        let shape = try #require(graph.shape(of: graph.outputs[0].value))
        let weights = (0..<shape.count).map { _ in Float(Int.random(in: -8...8, using: &random)) / 8 }
        let free = draw.shapes.indices.filter { !draw.constants.contains($0) }
        func feed() throws -> [String: AnyTensor] {
            try Dictionary(uniqueKeysWithValues: free.map { ("x\($0)", try floats(values[$0], draw.shapes[$0])) })
        }
        let found = try derivatives.gradients(
            graph, of: ["y"], at: free.map { "x\($0)" }, inputs: try feed(), seeds: [try floats(weights, shape)])
        let program = try derivatives.engine.load(graph)
        func weightedSum() throws -> Double {
            zip(weights, try program.run(try feed(), outputs: ["y"])[0].floats).reduce(0) {
                $0 + Double($1.0) * Double($1.1)
            }
        }
        for (index, gradient) in zip(free, found) {
            let analytic = try #require(gradient)
            #expect(analytic.shape == draw.shapes[index])
            let largest = analytic.floats.map { Double(abs($0)) }.max() ?? 0
            var worst = 0.0
            for (position, slope) in analytic.floats.enumerated() {
                let value = values[index][position]
                values[index][position] = value + Self.step
                let above = try weightedSum()
                values[index][position] = value - Self.step
                let below = try weightedSum()
                values[index][position] = value
                let error = abs((above - below) / (2 * Double(Self.step)) - Double(slope))
                worst = error.isFinite ? max(worst, error) : .infinity
            }
            #expect(worst <= Self.tolerance * max(1, largest), "\(operation) operand \(index), seed \(seed): \(draw)")
        }
    }

    /// Values that differ from each other over all operands.
    private func operands(_ draw: Draw, _ random: inout SeededGenerator) -> [[Float]] {
        let count = draw.shapes.reduce(0) { $0 + $1.count }
        var places = Array(0..<count).shuffled(using: &random)
        return draw.shapes.indices.map { index in
            let own = places.suffix(draw.shapes[index].count)
            places.removeLast(own.count)
            return own.map { place in
                let centred = Float(2 * place + 1 - 2 * (count / 2)) / 16
                switch index < draw.domains.count ? draw.domains[index] : .real {
                case .real: return centred
                case .positive: return 0.5 + Float(2 * place + 1) / 16
                case .awayFromZero: return centred + (centred < 0 ? -0.5 : 0.5)
                case .insideOne: return Float(2 * place + 1 - count) / Float(count) * 0.75
                }
            }
        }
    }
}
