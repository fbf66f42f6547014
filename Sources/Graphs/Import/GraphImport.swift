import ONNXFormat
package import ONNXMessages
package import Tensors

extension Graph {
    /// The graph of a model whose operators are at `Graph.opset` (see `Upgrades`).
    ///
    /// Weights become constants wherever the file keeps them: initializers (repeated as inputs or not) and Constant
    /// nodes. Nodes are put in order where the file has them out of order. Half precision is widened, integer operators are
    /// written as floating-point ones between DequantizeLinear and QuantizeLinear, and training modes are switched off;
    /// `notes` says so.
    package init(_ model: ModelProto) throws {
        var model = model.functions.isEmpty ? model : try Upgrades.apply(to: model)
        self.init()
        notes += TrainingMode.switchOff(in: &model)
        notes += QuantizedOperators.rewrite(in: &model)
        notes += try FloatWidening.apply(to: &model)
        for property in model.metadataProps { metadata[property.key] = property.value }
        for domain in model.opsetImport where !["", "ai.onnx"].contains(domain.domain) {
            domains[domain.domain] = Int(domain.version)
        }
        var importer = GraphImporter(model.graph)
        self = try importer.run(into: self)
        noteDamagedWeights()
        try validate(after: "import")
    }
}

/// Turns the messages of a graph, or of a body of one, into nodes.
struct GraphImporter {
    let proto: GraphProto
    /// Values by the name that the messages have for them.
    private var known: [String: ValueID]
    /// The node whose body this is.
    private let parent: Origin?
    private var defined: Set<String> = []

    /// An importer of a model's graph.
    init(_ proto: GraphProto) {
        self.init(body: proto, of: nil, scope: [:])
    }

    /// An importer of a body, which reads values of the graph around it by name.
    init(body: GraphProto, of parent: Origin?, scope: [String: ValueID]) {
        proto = body
        self.parent = parent
        known = scope
    }

    mutating func run(into empty: Graph) throws -> Graph {
        var graph = empty
        var constants: [String: ValueID] = [:]
        try importConstants(into: &graph, sharing: &constants)
        let weights = Set(proto.initializer.map(\.name) + proto.sparseInitializer.map(\.values.name))
        for input in proto.input where !weights.contains(input.name) {
            let (type, dimensions) = try TensorDeclaration.read(input)
            try define(input.name, as: graph.addInput(input.name, type: type, dimensions: dimensions))
        }
        try importNodes(into: &graph)
        var names = Set<String>()
        for output in proto.output {
            guard let value = known[output.name] else { throw GraphError.undefinedOutput(name: output.name) }
            guard names.insert(output.name).inserted else { throw GraphError.duplicateValue(name: output.name) }
            if let (type, dimensions) = try? TensorDeclaration.read(output) {
                graph[value].type = graph[value].type ?? type
                graph[value].declared = graph[value].declared ?? dimensions
            }
            graph.outputs.append(Graph.Output(name: output.name, value: value))
        }
        return graph
    }

    /// Adds a body's nodes with these values for its inputs; returns its outputs.
    ///
    /// `constants` keeps the body's constants for its next copy.
    mutating func run(
        into graph: inout Graph, arguments: [ValueID], sharing constants: inout [String: ValueID]
    ) throws -> [ValueID] {
        try importConstants(into: &graph, sharing: &constants)
        for (input, argument) in zip(proto.input, arguments) { try define(input.name, as: argument) }
        try importNodes(into: &graph)
        return try proto.output.map { output in
            guard let value = known[output.name] else { throw GraphError.undefinedOutput(name: output.name) }
            return value
        }
    }

    private mutating func define(_ name: String, as value: ValueID) throws {
        guard defined.insert(name).inserted else { throw GraphError.duplicateValue(name: name) }
        known[name] = value
    }

    /// Initializers and Constant nodes.
    private mutating func importConstants(into graph: inout Graph, sharing constants: inout [String: ValueID]) throws {
        func add(_ name: String, _ tensor: () throws -> AnyTensor?) throws {
            if constants[name] == nil {
                guard let tensor = try tensor() else { return }
                constants[name] = graph.addConstant(tensor, name: name)
            }
            if let value = constants[name] { try define(name, as: value) }
        }
        for initializer in proto.initializer { try add(initializer.name) { try AnyTensor(initializer) } }
        for sparse in proto.sparseInitializer { try add(sparse.values.name) { try AnyTensor(sparse) } }
        for node in proto.node where node.opType == "Constant" && node.isStandard {
            guard let name = node.output.first, !name.isEmpty else { continue }
            try add(name) { try ConstantNode.tensor(of: node) }
        }
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
                    throw GraphError.undefinedValue(name: name, node: node.label)
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
            throw GraphError.cycle(node: proto.node[stuck].label)
        }
    }

    private mutating func importNode(_ node: NodeProto, into graph: inout Graph) throws {
        if node.opType == "Constant", node.isStandard, let name = node.output.first, defined.contains(name) { return }
        let domain = node.isStandard ? "" : node.domain
        let outer = BodyGraph.outerNames(of: node)
        var renamed: [String: String] = [:]
        for name in outer {
            if let value = known[name], graph[value].name != name { renamed[name] = graph[value].name }
        }
        var rewriting = BodyRewriting(names: renamed)
        // The engine wants names to be unique across bodies and what is around them, and a body may become several copies.
        if parent != nil { rewriting.definitionSuffix = "@\(graph.values.count)" }
        let proto = node.attribute.isEmpty ? node : rewriting.bodies(of: node)
        var attributes: [String: Attribute] = [:]
        for attribute in proto.attribute {
            attributes[attribute.name] = try Attribute(attribute, node: node.label)
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
                attributes: attributes, captures: outer.compactMap { known[$0] }, origin: origin(of: node)))
    }

    /// A name that nothing in the file has, bodies included.
    private func placeholder() -> String { "gaze.unused.\(proto.name).\(known.count)" }

    /// A body's node keeps the name of the node that the body belongs to in front of its own.
    private func origin(of node: NodeProto) -> Origin {
        let own = Origin(node)
        guard let parent else { return own }
        let separator = parent.name.isEmpty || own.name.isEmpty || own.name.hasPrefix("/") ? "" : "/"
        return Origin(
            name: parent.name + separator + own.name,
            modulePath: own.modulePath.isEmpty ? parent.modulePath : own.modulePath)
    }
}

/// What a file declares about an input or output.
package enum TensorDeclaration {
    /// The element type and, where a shape is declared, its dimensions.
    package static func read(_ info: ValueInfoProto) throws(GraphError) -> (ElementType, [Graph.Dimension]?) {
        guard case .tensorType(let tensor)? = info.type.value else {
            throw .unsupportedType(value: info.name, type: info.type.kind)
        }
        guard let type = ElementType(rawValue: tensor.elemType) else {
            throw .unsupportedType(value: info.name, type: "tensor of \(elementName(tensor.elemType))")
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

    /// The format's own name of an element type.
    private static func elementName(_ code: Int32) -> String {
        guard let type = TensorProto.DataType(rawValue: Int(code)) else { return "element type \(code)" }
        return type == .string ? "texts" : "element type \(String(describing: type).uppercased())"
    }
}

extension TypeProto {
    /// What a value is that is no tensor.
    fileprivate var kind: String {
        switch value {
        case .sequenceType?: "sequence of values"
        case .mapType?: "map"
        case .opaqueType?: "value of a type that only its exporter knows"
        case .sparseTensorType?: "sparse tensor"
        case .optionalType?: "value that may be absent (optional)"
        case .tensorType?, nil: "value without a type"
        }
    }
}
