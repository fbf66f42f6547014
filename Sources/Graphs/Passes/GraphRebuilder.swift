package import Tensors

/// Builds a new graph from the parts of an old one that a pass keeps, with the map from old to new values.
package struct GraphRebuilder {
    package let source: Graph
    package internal(set) var graph = Graph()
    /// The names that some values get.
    var names: [ValueID: String] = [:]
    /// Names that only values of `names` may have.
    var reserved: Set<String> = []
    private var map: [ValueID?]

    package init(_ source: Graph) {
        self.source = source
        map = [ValueID?](repeating: nil, count: source.values.count)
        graph.metadata = source.metadata
        graph.domains = source.domains
        graph.notes = source.notes
    }

    /// Builds behind the nodes of another graph.
    init(_ source: Graph, into graph: Graph) {
        self.init(source)
        self.graph = graph
        self.graph.domains.merge(source.domains) { first, _ in first }
    }

    /// The new graph's value for an old one; constants are copied when they are first asked for.
    package mutating func value(_ old: ValueID) -> ValueID? {
        if let new = map[old.index] { return new }
        guard source[old].constant != nil else { return nil }
        return copyValue(old)
    }

    package mutating func copyInput(_ old: ValueID) {
        let new = copyValue(old)
        graph[new].constant = nil
        graph.setInputs(graph.inputs + [new])
    }

    /// Operators whose results behind the first are computed only where something reads them.
    private static let withOptionalResults: Set<String> = ["Dropout", "MaxPool"]

    /// Copies a node with everything that it reads; optional results behind the last live one are left out.
    package mutating func copy(_ node: Node, liveValues: [Bool]? = nil) {
        let inputs = node.inputs.map { input in input.flatMap { value($0) } }
        let captures = node.captures.compactMap { value($0) }
        let isLive = node.outputs.map { output in output.map { liveValues?[$0.index] ?? true } ?? false }
        let isOptional = node.domain.isEmpty && Self.withOptionalResults.contains(node.operation)
        let count = isOptional ? isLive.lastIndex(of: true).map { $0 + 1 } ?? 0 : isLive.count
        let outputs = zip(node.outputs, isLive).prefix(count).map { output, isLive -> ValueID? in
            guard let output else { return nil }
            return isLive ? copyValue(output) : graph.addValue(name: source[output].name)
        }
        graph.append(
            Node(
                node.operation, domain: node.domain, inputs: inputs, outputs: outputs, attributes: attributes(of: node),
                captures: captures, origin: node.origin))
    }

    /// The attributes; bodies read values by name, and a value that stands for another has another name.
    private func attributes(of node: Node) -> [String: Attribute] {
        var renamed: [String: String] = [:]
        for capture in node.captures {
            guard let new = map[capture.index], graph[new].name != source[capture].name else { continue }
            renamed[source[capture].name] = graph[new].name
        }
        guard !renamed.isEmpty else { return node.attributes }
        let rewriting = BodyRewriting(names: renamed)
        return node.attributes.mapValues { attribute in
            if case .subgraph(let body) = attribute { .subgraph(rewriting.graph(body)) } else { attribute }
        }
    }

    /// Lets a value of the new graph stand for one of the old.
    mutating func alias(_ old: ValueID, to new: ValueID) { map[old.index] = new }

    /// Puts a constant where the old graph computed a value.
    package mutating func replace(_ old: ValueID, by tensor: AnyTensor) {
        let new = graph.addConstant(tensor, name: source[old].name)
        map[old.index] = new
    }

    package mutating func copyOutput(_ output: Graph.Output) {
        guard let new = value(output.value) else { return }
        graph.outputs.append(Graph.Output(name: output.name, value: new))
    }

    private mutating func copyValue(_ old: ValueID) -> ValueID {
        let value = source[old]
        let new = graph.addValue(
            name: name(of: old), type: value.type, shape: value.shape, declared: value.declared,
            constant: value.constant)
        map[old.index] = new
        return new
    }

    private func name(of old: ValueID) -> String {
        if let name = names[old] { return name }
        var name = source[old].name
        while reserved.contains(name) { name = "inner.\(name)" }
        return name
    }
}
