import ONNXMessages

extension Graph {
    /// The graph with its outputs' values under the outputs' names and `names` for some others; what had one of these names
    /// gets another.
    ///
    /// A value that is an output twice, an input that is one too, or a constant keeps its own name.
    package func renamed(_ names: [ValueID: String]) -> Graph {
        var own = names
        for input in inputs where own[input] == nil { own[input] = self[input].name }
        for output in outputs where own[output.value] == nil && self[output.value].constant == nil {
            own[output.value] = output.name
        }
        var rebuilder = GraphRebuilder(self)
        rebuilder.names = own
        rebuilder.reserved = Set(own.values).union(outputs.map(\.name))
        for input in inputs { rebuilder.copyInput(input) }
        for node in nodes { rebuilder.copy(node) }
        for output in outputs { rebuilder.copyOutput(output) }
        return rebuilder.graph
    }

    /// The names that body graphs (If, Loop, Scan) use; nothing around them can get one.
    package var bodyNames: Set<String> {
        bodies.reduce(into: []) { $0.formUnion($1.usedNames) }
    }

    /// The operator sets other than ONNX's own that nodes use, those of bodies included.
    package var foreignDomains: Set<String> {
        bodies.reduce(into: Set(nodes.map(\.domain))) { $0.formUnion($1.usedDomains) }.subtracting([""])
    }

    private var bodies: [GraphProto] {
        nodes.flatMap { node in
            node.attributes.values.compactMap { if case .subgraph(let body) = $0 { body } else { nil } }
        }
    }
}
