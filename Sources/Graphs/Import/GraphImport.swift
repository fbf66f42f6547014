import ONNXFormat
package import ONNXMessages
package import Tensors

extension Graph {
    /// The graph of a model whose operators are at `Graph.opset` (see `Upgrades`).
    ///
    /// Weights become constants wherever the file keeps them: initializers (repeated as inputs or not) and Constant
    /// nodes. Nodes are put in order where the file has them out of order.
    package init(_ model: ModelProto) throws {
        self.init()
        for property in model.metadataProps { metadata[property.key] = property.value }
        for domain in model.opsetImport where !["", "ai.onnx"].contains(domain.domain) {
            domains[domain.domain] = Int(domain.version)
        }
        var importer = GraphImporter(model: model)
        self = try importer.run(into: self)
        try validate(after: "import")
    }
}

/// Turns messages into a graph, once.
private struct GraphImporter {
    let proto: GraphProto
    let functions: Set<String>
    private var known: [String: ValueID] = [:]

    init(model: ModelProto) {
        proto = model.graph
        functions = Set(model.functions.map { "\($0.domain).\($0.name)" })
    }

    mutating func run(into empty: Graph) throws -> Graph {
        var graph = empty
        if let sparse = proto.sparseInitializer.first {
            throw GraphError.unsupportedType(value: sparse.values.name, type: "sparse tensor")
        }
        for initializer in proto.initializer {
            try define(initializer.name, as: graph.addConstant(try AnyTensor(initializer), name: initializer.name))
        }
        for input in proto.input where known[input.name] == nil {
            let (type, dimensions) = try TensorDeclaration.read(input)
            try define(input.name, as: graph.addInput(input.name, type: type, dimensions: dimensions))
        }
        try importNodes(into: &graph)
        for output in proto.output {
            guard let value = known[output.name] else { throw GraphError.undefinedOutput(name: output.name) }
            if let (type, dimensions) = try? TensorDeclaration.read(output) {
                graph[value].type = graph[value].type ?? type
                graph[value].declared = graph[value].declared ?? dimensions
            }
            graph.outputs.append(Graph.Output(name: output.name, value: value))
        }
        return graph
    }

    private mutating func define(_ name: String, as value: ValueID) throws {
        guard known.updateValue(value, forKey: name) == nil else { throw GraphError.duplicateValue(name: name) }
    }

    /// Adds the nodes in the file's order; one that reads a later result waits for it.
    private mutating func importNodes(into graph: inout Graph) throws {
        let produced = Set(proto.node.flatMap(\.output))
        var waiters: [String: [Int]] = [:]
        var missing = [Int](repeating: 0, count: proto.node.count)
        var done = 0
        for start in proto.node.indices {
            let node = proto.node[start]
            for name in Set(node.input + BodyGraph.outerNames(of: node)) where !name.isEmpty && known[name] == nil {
                guard produced.contains(name) else {
                    throw GraphError.undefinedValue(name: name, node: describe(node))
                }
                waiters[name, default: []].append(start)
                missing[start] += 1
            }
            var ready = missing[start] == 0 ? [start] : []
            while let index = ready.popLast() {
                try importNode(proto.node[index], into: &graph)
                done += 1
                for name in proto.node[index].output {
                    for waiter in waiters.removeValue(forKey: name) ?? [] {
                        missing[waiter] -= 1
                        if missing[waiter] == 0 { ready.append(waiter) }
                    }
                }
            }
        }
        guard done == proto.node.count else {
            let stuck = missing.firstIndex { $0 > 0 } ?? 0
            throw GraphError.cycle(node: describe(proto.node[stuck]))
        }
    }

    private mutating func importNode(_ node: NodeProto, into graph: inout Graph) throws {
        let domain = node.domain == "ai.onnx" ? "" : node.domain
        if functions.contains("\(node.domain).\(node.opType)") {
            throw GraphError.unsupportedModel(
                reason: "Node \(describe(node)) calls a local function of the model, which Gaze does not inline yet",
                advice: "Inline it first with onnx.inliner.inline_local_functions")
        }
        if domain.isEmpty, node.opType == "Constant", let tensor = try ConstantNode.tensor(of: node),
            let name = node.output.first
        {
            try define(name, as: graph.addConstant(tensor, name: name))
            return
        }
        var attributes: [String: Attribute] = [:]
        for attribute in node.attribute {
            attributes[attribute.name] = try Attribute(attribute, node: describe(node))
        }
        let outputs = try node.output.map { name -> ValueID? in
            guard !name.isEmpty else {
                // The engine crashes on a Split whose result is left out.
                return domain.isEmpty && node.opType == "Split" ? graph.addValue(name: placeholder()) : nil
            }
            let value = graph.addValue(name: name)
            try define(name, as: value)
            return value
        }
        graph.append(
            Node(
                node.opType, domain: domain, inputs: node.input.map { $0.isEmpty ? nil : known[$0] }, outputs: outputs,
                attributes: attributes, captures: BodyGraph.outerNames(of: node).compactMap { known[$0] },
                origin: Origin(node)))
    }

    /// A name that nothing in the file has, bodies included.
    private func placeholder() -> String { "gaze.unused.\(proto.name).\(known.count)" }

    private func describe(_ node: NodeProto) -> String {
        "\(node.opType) '\(node.name.isEmpty ? node.output.first ?? "" : node.name)'"
    }
}

/// What a file declares about an input or output.
package enum TensorDeclaration {
    /// The element type and, where a shape is declared, its dimensions.
    package static func read(_ info: ValueInfoProto) throws(GraphError) -> (ElementType, [Graph.Dimension]?) {
        guard case .tensorType(let tensor)? = info.type.value else {
            throw .unsupportedType(value: info.name, type: "sequence, map or optional value")
        }
        guard let type = ElementType(rawValue: tensor.elemType) else {
            throw .unsupportedType(value: info.name, type: "tensor of element type \(tensor.elemType)")
        }
        guard tensor.hasShape else { return (type, nil) }
        let dimensions = tensor.shape.dim.map { dimension -> Graph.Dimension in
            switch dimension.value {
            case .dimValue(let length)? where length > 0: .fixed(Int(length))
            case .dimParam(let name)?: .symbolic(name)
            default: .symbolic("")
            }
        }
        return (type, dimensions)
    }
}
