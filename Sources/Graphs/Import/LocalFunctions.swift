import ONNXFormat
import ONNXMessages

/// The functions that a model brings with it, and how deep in them the import is.
struct LocalFunctions {
    /// More nodes than this come only from a file that wants to exhaust memory.
    static let largestNodeCount = 200_000
    static let deepestNesting = 64

    private struct Key: Hashable {
        let domain: String
        let name: String
        let overload: String

        var text: String { [domain, name].filter { !$0.isEmpty }.joined(separator: ".") }
    }

    private var functions: [Key: FunctionProto] = [:]
    private var active: [Key] = []
    private var nodeCount = 0

    init(_ functions: [FunctionProto]) {
        for function in functions {
            self.functions[Self.key(function.domain, function.name, function.overload)] = function
        }
    }

    private var domains: Set<String> { Set(functions.keys.map(\.domain)) }

    /// The function that a node calls.
    func function(calledBy node: NodeProto) -> FunctionProto? {
        functions.isEmpty ? nil : functions[Self.key(node.domain, node.opType, node.overload)]
    }

    /// The operator sets that a model without functions needs: its own without those of functions, and what its functions
    /// bring along.
    func imports(beside own: [OperatorSetIdProto], usedBy graph: GraphProto) -> [OperatorSetIdProto] {
        guard !functions.isEmpty else { return own }
        let used = graph.usedDomains
        let known = Set(own.map(\.domain))
        var added: [String: OperatorSetIdProto] = [:]
        for entry in functions.values.flatMap(\.opsetImport) where !known.contains(entry.domain) {
            if entry.version > added[entry.domain]?.version ?? 0 { added[entry.domain] = entry }
        }
        let all = own + added.values.sorted { $0.domain < $1.domain }
        return all.filter { used.contains($0.domain) || !domains.contains($0.domain) }
    }

    /// Goes into a function; refuses one that calls itself, and more nodes than a model has.
    mutating func enter(_ function: FunctionProto, from node: NodeProto) throws(GraphError) {
        let key = Self.key(function.domain, function.name, function.overload)
        if let start = active.firstIndex(of: key) {
            throw .recursiveFunction(name: key.text, path: (active[start...] + [key]).map(\.text))
        }
        nodeCount += function.node.reduce(0) { $0 + $1.copyCost }
        guard active.count < Self.deepestNesting, nodeCount <= Self.largestNodeCount else {
            throw .tooManyNodes(node: node.label, limit: Self.largestNodeCount)
        }
        active.append(key)
    }

    mutating func leave() { active.removeLast() }

    private static func key(_ domain: String, _ name: String, _ overload: String) -> Key {
        Key(domain: domain == "ai.onnx" ? "" : domain, name: name, overload: overload)
    }
}

/// One call of a function, whose nodes take the call's place.
struct FunctionCall {
    let function: FunctionProto
    let node: NodeProto
    /// Whether a node of the function calls another one.
    let isCall: (NodeProto) -> Bool

    /// The function's nodes with the call's values and attributes; `unique` makes a name that no value of the model has,
    /// `uniqueNode` one that no node has.
    ///
    /// Names tell where a node was: the call's name, then the function's own.
    func nodes(unique: (String) -> String, uniqueNode: (String) -> String) -> [NodeProto] {
        var names: [String: String] = [:]
        for (index, name) in function.input.enumerated() where !name.isEmpty {
            names[name] = index < node.input.count ? node.input[index] : ""
        }
        var copies: [NodeProto] = []
        for (index, name) in function.output.enumerated() where index < node.output.count {
            let result = node.output[index]
            guard !result.isEmpty else { continue }
            if let known = names[name] {
                // An input that is an output, or one value under two names.
                copies.append(NodeProto("Identity", [known], [result]))
            } else {
                names[name] = result
            }
        }
        let prefix = String((node.name.isEmpty ? function.name : node.name).prefix(256))
        let used = function.node.flatMap { $0.output + $0.input + $0.bodies.flatMap(\.usedNames) }
        for name in used where !name.isEmpty && names[name] == nil { names[name] = unique("\(prefix)/\(name)") }
        var rewriting = BodyRewriting(names: names)
        rewriting.attributes = attributes
        rewriting.renamesDefinitions = true
        let path = callPath
        return function.node.map { inner in
            var result = rewriting.node(inner)
            name(&result, inner: inner, prefix: prefix, path: path)
            result.name = uniqueNode(result.name)
            return result
        }
            + copies.map { copy in
                var copy = copy
                copy.metadataProps = node.metadataProps
                return copy
            }
    }

    /// What the call gives, and the function's defaults for the rest.
    private var attributes: [String: AttributeProto] {
        var attributes: [String: AttributeProto] = [:]
        for attribute in function.attributeProto + node.attribute { attributes[attribute.name] = attribute }
        return attributes
    }

    /// The module path of the call; its own name where it has no other.
    private var callPath: [String] {
        let path = Origin(node).modulePath
        return path.isEmpty && Origin.isTelling(node.name) ? [node.name] : path
    }

    private func name(_ result: inout NodeProto, inner: NodeProto, prefix: String, path: [String]) {
        let separator = inner.name.hasPrefix("/") || inner.name.isEmpty ? "" : "/"
        result.name = prefix + separator + inner.name
        var innerPath = Origin(inner).modulePath
        if innerPath.isEmpty, isCall(inner), Origin.isTelling(inner.name) { innerPath = [inner.name] }
        let full = path + innerPath
        guard !full.isEmpty else { return }
        result.metadataProps = [
            StringStringEntryProto(
                key: "namespace", value: full.joined(separator: ".") + "/" + inner.opType)
        ]
    }
}
