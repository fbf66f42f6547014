import ONNXMessages
import Tensors

extension ControlFlow {
    /// Copies a loop's body once for every turn, where the number of turns does not depend on the input's contents.
    mutating func unrollLoop(_ node: Node) throws -> Bool {
        guard case .subgraph(let body)? = node.attributes["body"], node.inputs.count >= 2 else { return false }
        let carriedCount = node.inputs.count - 2
        let scanCount = body.output.count - 1 - carriedCount
        guard body.input.count == 2 + carriedCount, scanCount >= 0, node.outputs.count <= carriedCount + scanCount,
            let trips = tripCount(node), var isRunning = firstCondition(node)
        else { return false }
        var carried = node.inputs.dropFirst(2).compactMap { input in input.flatMap { rebuilder.value($0) } }
        guard carried.count == carriedCount else { return false }
        let size = max(1, body.copyCost)
        // A loop of constant length that is too long is not begun.
        if trips != Int.max, trips > Self.largestUnrolledCount / size { return false }

        var scans = [[ValueID]](repeating: [], count: scanCount)
        var constants: [String: ValueID] = [:]
        var turn = 0
        while isRunning, turn < trips {
            guard (turn + 1) * size <= Self.largestUnrolledCount, fits(size) else { return false }
            let first = rebuilder.graph.nodes.count
            let number = rebuilder.graph.addConstant(AnyTensor(Tensor(Int64(turn))), name: "turn")
            let condition = rebuilder.graph.addConstant(AnyTensor(Tensor(true)), name: "condition")
            var results = try run(
                body, of: node, turn: turn, arguments: [number, condition] + carried, sharing: &constants)
            turn += 1
            if turn < trips {
                guard let next = try settle(&results, count: 1 + carriedCount, from: first) else { return false }
                isRunning = next
            }
            carried = Array(results[1..<1 + carriedCount])
            for index in 0..<scanCount { scans[index].append(results[1 + carriedCount + index]) }
        }
        return finish(node, carried: carried, scans: scans)
    }

    private mutating func finish(_ node: Node, carried: [ValueID], scans: [[ValueID]]) -> Bool {
        for (index, old) in node.outputs.enumerated() {
            guard let old else { continue }
            if index < carried.count {
                rebuilder.alias(old, to: carried[index])
            } else {
                let parts = scans[index - carried.count]
                // The shape of nothing is not known.
                guard !parts.isEmpty else { return false }
                stack(parts, axis: 0, as: old, of: node)
            }
        }
        return true
    }

    /// The constant number of turns, `Int.max` where only the condition ends the loop.
    private func tripCount(_ node: Node) -> Int? {
        guard let input = node.input(0) else { return Int.max }
        return integer(rebuilder.source[input].constant)
    }

    private func firstCondition(_ node: Node) -> Bool? {
        guard let input = node.input(1) else { return true }
        return truth(rebuilder.source[input].constant)
    }

    /// Whether the loop goes on; nil where the input's contents decide.
    ///
    /// A condition that is computed is evaluated, together with what is carried to the next turn and just as constant, such
    /// as a counter, so that the next turn's condition is again a short computation.
    private mutating func settle(_ results: inout [ValueID], count: Int, from first: Int) throws -> Bool? {
        let graph = rebuilder.graph
        if let known = truth(graph[origin(of: results[0])].constant) { return known }
        let constant = constants(from: first)
        guard constant.contains(results[0]) else { return nil }
        let computed = (0..<count).filter { constant.contains(results[$0]) }
        let program = graph.tapped(at: computed.map { results[$0] })
        for (index, tensor) in zip(computed, try evaluator.evaluate(program, inputs: [:])) {
            results[index] = rebuilder.graph.addConstant(tensor, name: graph[results[index]].name)
        }
        return truth(rebuilder.graph[results[0]].constant)
    }

    /// What a chain of Identity nodes repeats.
    private func origin(of value: ValueID) -> ValueID {
        var value = value
        while let node = rebuilder.graph.producingNode(of: value), node.operation == "Identity",
            let input = node.input(0)
        {
            value = input
        }
        return value
    }

    /// The results of nodes from a position on that depend on constants alone.
    private func constants(from first: Int) -> Set<ValueID> {
        var found = Set<ValueID>()
        for node in rebuilder.graph.nodes[first...]
        where Graph.isFoldable(node)
            && node.operands.allSatisfy({ rebuilder.graph[$0].constant != nil || found.contains($0) })
        {
            found.formUnion(node.results)
        }
        return found
    }
}
