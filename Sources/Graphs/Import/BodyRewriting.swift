import ONNXMessages

/// Gives the values of nodes other names, in their bodies (If, Loop, Scan) too, and puts values where attributes refer to
/// a function's.
struct BodyRewriting {
    /// The new name of every name that changes.
    var names: [String: String]
    /// A function's attributes by name; nil outside functions, where references stay.
    var attributes: [String: AttributeProto]?
    /// Whether `names` also renames what body graphs define; otherwise their own names hide those around them.
    var renamesDefinitions = false
    /// What is put behind the names that body graphs define, so that no two copies of a body share one.
    var definitionSuffix = ""

    init(names: [String: String]) {
        self.names = names
    }

    func node(_ node: NodeProto) -> NodeProto {
        var node = node
        node.input = node.input.map(name)
        node.output = node.output.map(name)
        guard !node.attribute.isEmpty else { return node }
        node.attribute = node.attribute.compactMap(attribute)
        return node
    }

    /// The node with its bodies rewritten, but not its own operands and results.
    func bodies(of node: NodeProto) -> NodeProto {
        var node = node
        node.attribute = node.attribute.compactMap(attribute)
        return node
    }

    func graph(_ graph: GraphProto) -> GraphProto {
        var inner = self
        if !renamesDefinitions {
            let targets = Set(names.values)
            for name in graph.definedNames where !name.isEmpty {
                let suffix = definitionSuffix.isEmpty && targets.contains(name) ? ".inner" : definitionSuffix
                inner.names[name] = suffix.isEmpty ? nil : name + suffix
            }
        }
        var graph = graph
        graph.input = graph.input.map(inner.info)
        graph.output = graph.output.map(inner.info)
        graph.valueInfo = graph.valueInfo.map(inner.info)
        graph.initializer = graph.initializer.map { tensor in
            var tensor = tensor
            if let name = inner.names[tensor.name] { tensor.name = name }
            return tensor
        }
        graph.sparseInitializer = graph.sparseInitializer.map { tensor in
            var tensor = tensor
            if let name = inner.names[tensor.values.name] { tensor.values.name = name }
            return tensor
        }
        graph.node = graph.node.map(inner.node)
        return graph
    }

    private func name(_ name: String) -> String { name.isEmpty ? name : names[name] ?? name }

    private func info(_ info: ValueInfoProto) -> ValueInfoProto {
        guard let name = names[info.name] else { return info }
        var info = info
        info.name = name
        return info
    }

    /// The attribute with its bodies rewritten; nil where it refers to one that the caller leaves out.
    private func attribute(_ attribute: AttributeProto) -> AttributeProto? {
        if let attributes, attribute.hasRefAttrName, !attribute.refAttrName.isEmpty {
            guard var value = attributes[attribute.refAttrName] else { return nil }
            value.name = attribute.name
            return value
        }
        guard attribute.hasG || !attribute.graphs.isEmpty else { return attribute }
        var attribute = attribute
        if attribute.hasG { attribute.g = graph(attribute.g) }
        if !attribute.graphs.isEmpty { attribute.graphs = attribute.graphs.map(graph) }
        return attribute
    }
}

extension GraphProto {
    /// What the graph itself gives names to.
    var definedNames: [String] {
        input.map(\.name) + initializer.map(\.name) + sparseInitializer.map(\.values.name) + node.flatMap(\.output)
    }

    /// All names that the graph, its nodes and their bodies use.
    var usedNames: [String] {
        definedNames + output.map(\.name) + node.flatMap { $0.input + $0.bodies.flatMap(\.usedNames) }
    }

    /// The domains of all nodes, those of bodies included.
    var usedDomains: Set<String> {
        Set(node.flatMap { [$0.domain] + $0.bodies.flatMap(\.usedDomains) })
    }

    /// What a copy of the graph costs: its nodes, those of bodies included, and names of unusual length.
    var copyCost: Int { node.reduce(0) { $0 + $1.copyCost } }
}

extension NodeProto {
    /// The graphs among the attributes.
    var bodies: [GraphProto] { attribute.flatMap { ($0.hasG ? [$0.g] : []) + $0.graphs } }

    /// What a copy of the node costs, in ordinary nodes.
    var copyCost: Int {
        let nameByteCount = (input + output).reduce(name.utf8.count) { $0 + $1.utf8.count }
        return 1 + nameByteCount / 1024 + (attribute.isEmpty ? 0 : bodies.reduce(0) { $0 + $1.copyCost })
    }
}
