package import Graphs
import Tensors

/// A graph with its derivative: the forward nodes, and behind them the nodes that compute cotangents.
package struct DerivedGraph: Sendable {
    /// The extended graph; every value of the forward graph is still there under its `ValueID`.
    package let graph: Graph
    /// One value per differentiated output: its cotangent, of the output's shape; an input unless it was given.
    package let seeds: [ValueID]
    /// The cotangents that were asked for; a value that no output depends on is missing.
    package let cotangents: [ValueID: ValueID]
}

extension Graph {
    /// Appends the vector-Jacobian product `∂⟨seed, outputs⟩/∂targets`.
    ///
    /// The seeds are new inputs, so one program serves every class, contrast and batch; or they are values of the graph:
    /// a second derivative by other rules, relevance to start from. Only nodes between the targets and the outputs are
    /// visited, so what lies before the targets costs nothing. `extended` is this graph with more nodes behind it (another
    /// derivative), to which the new nodes are appended.
    package func differentiated(
        _ differentiated: [ValueID], withRespectTo targets: [ValueID], by composite: Composite = .derivative,
        seeds given: [ValueID]? = nil, into extended: Graph? = nil
    ) throws(DifferentiationError) -> DerivedGraph {
        var graph = extended ?? self
        let seeds =
            given
            ?? differentiated.map { output in
                graph.addInput(
                    "seed.\(self[output].name)", type: self[output].type ?? .float32, shape: shape(of: output))
            }
        let onPath = values(dependingOn: targets)
        let isQuantised = quantisedValues()
        guard let first = nodes.first else {
            return DerivedGraph(graph: graph, seeds: seeds, cotangents: [:])
        }
        var step = BackwardStep(graph: graph, node: first, position: 0)
        graph = Graph()
        var contributions: [ValueID: [ValueID]] = [:]
        for (output, seed) in zip(differentiated, seeds) where onPath[output.index] {
            contributions[output, default: []].append(seed)
        }
        for position in nodes.indices.reversed() {
            let node = nodes[position]
            guard node.results.contains(where: { contributions[$0] != nil }) else { continue }
            step.begin(
                at: position,
                wanted: node.inputs.map { input in
                    input.map {
                        onPath[$0.index] && (self[$0].type?.isFloatingPoint != false || isQuantised[$0.index])
                    } ?? false
                })
            guard !node.captures.contains(where: { onPath[$0.index] }) else {
                throw refusal(of: node)
            }
            guard step.wanted.contains(true) else { continue }
            step.resultCotangents = step.node.outputs.map { output in
                output.flatMap { step.total(of: $0, &contributions) }
            }
            guard let rule = composite.rule(for: node, in: self) else {
                throw refusal(of: node)
            }
            if let result = node.output(0), isQuantised[result.index], !movesQuantisedValues(node) {
                throw .unsupported(node: label(node), reason: "it computes with quantised integers")
            }
            let cotangents = try rule.cotangents(&step)
            for (operand, cotangent) in zip(node.inputs, cotangents) {
                guard let operand, let cotangent, onPath[operand.index] else { continue }
                let value = step.unbroadcast(cotangent, to: try step.shape(of: operand))
                contributions[operand, default: []].append(value)
            }
        }
        var result: [ValueID: ValueID] = [:]
        for target in Set(targets).sorted() { result[target] = step.total(of: target, &contributions) }
        return DerivedGraph(graph: step.graph, seeds: seeds, cotangents: result)
    }
}

extension Graph {
    /// Why a node has no rule.
    private func refusal(of node: Node) -> DifferentiationError {
        guard let reason = reasonForControlFlow(node) else {
            return .noRule(operation: node.qualifiedOperation, node: label(node))
        }
        return .unsupported(node: label(node), reason: reason)
    }
}

extension BackwardStep {
    fileprivate mutating func begin(at position: Int, wanted: [Bool]) {
        self.node = graph.nodes[position]
        self.position = position
        self.wanted = wanted
    }

    /// The sum of what flowed back to a value along all its uses; it replaces the contributions.
    fileprivate mutating func total(of value: ValueID, _ contributions: inout [ValueID: [ValueID]]) -> ValueID? {
        guard let parts = contributions[value] else { return nil }
        guard parts.count > 1 else { return parts[0] }
        let sum = emit(parts.count == 2 ? "Add" : "Sum", parts)
        contributions[value] = [sum]
        return sum
    }
}
