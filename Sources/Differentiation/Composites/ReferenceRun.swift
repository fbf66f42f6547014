package import Graphs
import Tensors

/// The activations of the same network at a reference input, which DeepLIFT's multipliers and FGVis' hull compare with.
///
/// The nodes that depend on the explained value are appended a second time with the reference in its place; weights, and
/// whatever does not depend on it, are shared. That works for every graph and batch, also where samples cannot be doubled, and
/// one program still answers in one run. With a constant reference the engine folds the second evaluation when it loads the
/// program.
package struct ReferenceRun: Sendable {
    /// The graph with the second evaluation; every value of the original is still there under its `ValueID`.
    package let graph: Graph
    /// The value that stands in the explained value's place.
    package let reference: ValueID
    /// What became of every value.
    package let activations: ReferenceActivations

    /// Appends the second evaluation with `reference`, a value of `graph`, in the place of `source`.
    ///
    /// - Parameter outputs: The values whose second evaluation is needed, e.g. the scored ones.
    package init(
        _ graph: Graph, from source: ValueID, at reference: ValueID, to outputs: [ValueID]
    ) throws(DifferentiationError) {
        var extended = graph
        activations = try ReferenceActivations(of: graph, from: source, at: reference, to: outputs, in: &extended)
        self.graph = extended
        self.reference = reference
    }

    /// Appends the second evaluation with a new input `reference.NAME` of the same type and shape.
    package init(_ graph: Graph, from source: ValueID, to outputs: [ValueID]) throws(DifferentiationError) {
        var extended = graph
        let value = graph[source]
        let reference = extended.addInput(
            "reference.\(value.name)", type: value.type ?? .float32, shape: value.shape)
        try self.init(extended, from: source, at: reference, to: outputs)
    }
}

/// For every value what it is at the reference input.
package struct ReferenceActivations: Sendable {
    private let counterparts: [ValueID: ValueID]

    /// Appends the second evaluation of `graph` to `extended`, the same graph with more nodes behind it, of which `reference` is a
    /// value.
    package init(
        of graph: Graph, from source: ValueID, at reference: ValueID, to outputs: [ValueID],
        in extended: inout Graph
    ) throws(DifferentiationError) {
        try self.init(of: graph, at: [source: reference], to: outputs, in: &extended)
    }

    /// Appends the second evaluation with a reference in the place of each of several values.
    init(
        of graph: Graph, at references: [ValueID: ValueID], to outputs: [ValueID], in extended: inout Graph
    ) throws(DifferentiationError) {
        var counterparts = references
        let needed = graph.neededNodes(for: outputs).nodes
        for (position, node) in graph.nodes.enumerated() where needed[position] {
            guard !node.captures.contains(where: { counterparts[$0] != nil }) else {
                throw .unsupported(
                    node: graph.label(node), reason: "its body reads values that a reference input changes")
            }
            // What computes the explained value itself stays out.
            guard node.inputs.contains(where: { $0.map { counterparts[$0] != nil } ?? false }) else { continue }
            let outputs = node.outputs.map { output -> ValueID? in
                guard let output else { return nil }
                let value = graph[output]
                let counterpart = extended.addValue(
                    name: "reference.\(value.name)", type: value.type, shape: value.shape)
                counterparts[output] = counterpart
                return counterpart
            }
            extended.append(
                Node(
                    node.operation, domain: node.domain, inputs: node.inputs.map { $0.map { counterparts[$0] ?? $0 } },
                    outputs: outputs, attributes: node.attributes, captures: node.captures))
        }
        self.counterparts = counterparts
    }

    /// The value at the reference; itself where it does not depend on the explained value.
    package subscript(value: ValueID) -> ValueID { counterparts[value] ?? value }

    /// Whether the value depends on the explained one.
    package func varies(_ value: ValueID?) -> Bool { value.map { counterparts[$0] != nil } ?? false }
}
