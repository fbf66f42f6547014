package import Graphs
package import Tensors

/// A named way of going backward through a model: which composite, and what it starts from.
package struct BackwardRules: Sendable {
    /// What stands at the score when the way back begins.
    package enum Start: Sendable {
        /// The target's weights: a derivative.
        case weights
        /// The weights times the scored values: relevance, whose sum is the score.
        case weightedValues
    }

    /// Tells these rules, with their parameters, from all others.
    package let name: String
    /// What the way back starts from.
    package let start: Start
    private let build: @Sendable (Graph, ValueID, ReferenceActivations?) throws -> Composite
    private let reference: (@Sendable (Graph, ValueID) throws -> AnyTensor)?

    package init(
        name: String, start: Start = .weights,
        composite: @escaping @Sendable (_ graph: Graph, _ input: ValueID) throws -> Composite
    ) {
        self.name = name
        self.start = start
        reference = nil
        build = { graph, input, _ in try composite(graph, input) }
    }

    /// Rules that compare with the activations at a reference input.
    ///
    /// - Parameters:
    ///   - reference: What stands in the explained input's place, of its type and shape.
    ///   - composite: The rules for the activations there.
    package init(
        name: String, reference: @escaping @Sendable (_ graph: Graph, _ input: ValueID) throws -> AnyTensor,
        composite: @escaping @Sendable (ReferenceActivations) -> Composite
    ) {
        self.name = name
        start = .weights
        self.reference = reference
        build = { _, _, activations in activations.map(composite) ?? .derivative }
    }

    /// The rules for a graph; what they need of the activations at a reference is appended to `extended`, the graph with more
    /// nodes behind it.
    package func composite(
        for graph: Graph, input: ValueID, outputs: [ValueID], in extended: inout Graph
    ) throws -> (composite: Composite, reference: ReferenceActivations?) {
        let activations = try reference.map { tensor in
            let constant = extended.addConstant(try tensor(graph, input), name: "reference.\(graph[input].name)")
            return try ReferenceActivations(of: graph, from: input, at: constant, to: outputs, in: &extended)
        }
        return (try build(graph, input, activations), activations)
    }

    /// The derivative.
    package static let derivative = BackwardRules(name: "derivative") { _, _ in .derivative }
}

extension BackwardRules: Hashable {
    package static func == (left: BackwardRules, right: BackwardRules) -> Bool { left.name == right.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
