import Foundation
import Graphs
import ONNXMessages
import Runtime
import SwiftProtobuf
import Tensors
import TestSupport
import Testing

@Suite struct NodeOrderTests {
    /// A chain of rectifiers, and the way back through their masks behind it: the form of a gradient.
    private func gradient(depth: Int) -> Graph {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [2, 3])
        var values = [x]
        for _ in 0..<depth { values += graph.append("Relu", [values[values.count - 1]]) }
        var cotangent = graph.addInput("seed", type: .float32, shape: [2, 3])
        for value in values.dropFirst().reversed() {
            let mask = graph.append("HardSigmoid", [value], attributes: ["alpha": .float(0x1p126), "beta": .float(0)])
            cotangent = graph.append("Mul", [cotangent, mask[0]])[0]
        }
        graph.outputs = [Graph.Output(name: "gradient", value: cotangent)]
        return graph
    }

    /// Nodes that read up to three values of any age.
    private func random(_ seed: UInt64, nodes: Int) -> Graph {
        var generator = SeededGenerator(seed: seed)
        var graph = Graph()
        var values = [graph.addInput("x", type: .float32, shape: [2])]
        values.append(graph.addConstant(AnyTensor(Tensor(vector: [1, 2] as [Float]))))
        for _ in 0..<nodes {
            let operands = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                values[Int.random(in: 0..<values.count, using: &generator)]
            }
            values += graph.append("Sum", operands)
        }
        graph.outputs = [Graph.Output(name: "y", value: values[values.count - 1])]
        return graph
    }

    /// The steps through the list of ready nodes, by playing what the engine does.
    private func played(_ graph: Graph, _ order: [Int]) -> Int {
        var missing = graph.nodes.map { Set($0.operands.compactMap { graph.producer(of: $0) }) }
        var place = [Int](repeating: 0, count: order.count)
        for (position, node) in order.enumerated() { place[node] = position }
        var (list, steps): ([Int], Int) = ([], 0)
        func add(_ node: Int) {
            steps += list.count
            list.insert(node, at: list.firstIndex { place[$0] > place[node] } ?? list.count)
        }
        for node in order where missing[node].isEmpty { add(node) }
        while !list.isEmpty {
            let node = list.removeFirst()
            for reader in graph.nodes.indices where missing[reader].remove(node) != nil && missing[reader].isEmpty {
                add(reader)
            }
        }
        return steps
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func stepsAreThoseOfTheSort(seed: UInt64) {
        let graph = random(seed, nodes: 60)
        let order = NodeOrder(graph)
        for positions in [Array(graph.nodes.indices), order.eager()] {
            #expect(order.steps(positions) == played(graph, positions))
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func everyNodeComesOnceAndBehindWhatItReads(seed: UInt64) {
        let graph = random(seed, nodes: 300)
        let order = NodeOrder(graph).eager()
        #expect(order.sorted() == Array(graph.nodes.indices))
        var known = Set(graph.values.indices.filter { graph.producer(of: ValueID(index: $0)) == nil })
        for position in order {
            #expect(graph.nodes[position].operands.allSatisfy { known.contains($0.index) })
            known.formUnion(graph.nodes[position].results.map(\.index))
        }
    }

    /// Steps grow with the depth, not with its square; graphs of usual depth stand as they are.
    @Test func wayBackOfADeepNetwork() {
        let steps = [1000, 2000, 4000].map { depth in
            let order = NodeOrder(gradient(depth: depth))
            return (written: order.steps(Array(0..<3 * depth)), chosen: order.steps(order.positions()))
        }
        #expect(steps[1].written > 3 * steps[0].written && steps[2].written > 3 * steps[1].written)
        #expect(steps.allSatisfy { $0.chosen < 20_000 })
        #expect(NodeOrder(gradient(depth: 100)).positions() == Array(0..<300))
    }

    /// Another order gives the same bits, and the file is read back as the same computation.
    @Test func resultsStayTheSame() throws {
        let graph = gradient(depth: 700)
        #expect(NodeOrder(graph).positions() != Array(graph.nodes.indices))
        let inputs = [
            "x": try Models.floats([1, -2, 3, 0, 5, -6], [2, 3]),
            "seed": try Models.floats([1, 2, 3, 4, 5, 6], [2, 3]),
        ]
        let expected = try Models.floats([1, 0, 3, 0, 5, 0], [2, 3])
        #expect(try Models.run(graph, inputs) == [expected])
        let file = try Graph(graph.model())
        #expect(try Models.run(file, inputs) == [expected])
    }

    /// In the order in which a gradient is made, the engine prepares such a graph for many seconds: time to be cancelled in.
    @Test func loadingIsCancelledInTheMiddle() throws {
        let graph = gradient(depth: 4000)
        var model = graph.model()
        let node = Dictionary(uniqueKeysWithValues: model.graph.node.map { ($0.output[0], $0) })
        model.graph.node = try graph.nodes.map { try #require(node[graph[$0.results[0]].name]) }
        model.graph.node += [try #require(node["gradient"])]
        let bytes: Data = try model.serializedBytes()
        let cancellation = RunCancellation()
        let engine = try ONNXRuntimeEngine(cancellation: cancellation)
        Thread.detachNewThread {
            usleep(100_000)
            cancellation.cancel()
        }
        #expect(throws: RuntimeError.cancelled) { try engine.load(bytes, options: ProgramOptions()) }
    }
}
