import Differentiation
import Graphs
import Runtime
import Tensors
import Testing

/// Masks are exactly 0 or 1, whatever the engine's vector width.
@Suite struct MasksTests {
    enum Kind: String, CaseIterable { case above, below }

    @Test(arguments: Kind.allCases, [0, 6, -3, 3, 1, 0.1, -1e-6, 1e8, 1e-7, 1e9, -1e30] as [Float])
    func masksAreExact(_ kind: Kind, _ bound: Float) throws {
        var values: [Float] = [
            0, -0.0, .leastNormalMagnitude, -.leastNormalMagnitude, .infinity, -.infinity, .greatestFiniteMagnitude,
            -.greatestFiniteMagnitude, 1, -1, 0.5, 1e-20, -1e-20, 1e20, bound, 2 * bound, -bound,
        ]
        if bound != 0 { values += [bound.nextUp, bound.nextDown] }
        // Enough of them for the engine's vectorised loops and their tails.
        let all = Array(repeating: values, count: 9).flatMap(\.self)
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [all.count])
        let result = graph.append("Identity", [x], name: "result")[0]
        graph[result].type = .float32
        var step = BackwardStep(graph: graph, node: graph.nodes[0], position: 0)
        let mask = kind == .above ? step.isAbove(x, bound) : step.isBelow(x, bound)
        graph = step.graph
        graph.outputs = [Graph.Output(name: "mask", value: mask)]
        graph = graph.eliminatingDeadNodes()
        let found = try Derivatives().outputs(graph, ["x": floats(all)])[0].floats
        let expected = all.map { value -> Float in (kind == .above ? value > bound : value < bound) ? 1 : 0 }
        #expect(found == expected)
    }
}
