import ONNXFormat
package import ONNXMessages
package import Tensors

/// What an upgrade may ask about the model around its node, and where it leaves nodes that it needs besides.
package struct UpgradeContext {
    /// What is visible at a place in the model.
    struct Scope {
        var constants: [String: TensorProto] = [:]
        var ranks: [String: Int] = [:]
        var types: [String: ElementType] = [:]
        /// The lengths of the axes, nil where they are free.
        var lengths: [String: [Int?]] = [:]
        /// The operator behind the first output of a node.
        var operations: [String: String] = [:]
    }

    /// The opset of the node.
    package private(set) var opset: Int
    var scope = Scope()
    private var names: Set<String> = []
    private var read: Set<String> = []
    private var floatingPointTypes: Set<ElementType> = []
    private var added: [NodeProto] = []
    private var counter = 0
    var functions: LocalFunctions
    private var nodeNames = UnusedNames()

    init(model: ModelProto, opset: Int) {
        self.opset = opset
        functions = LocalFunctions(model.functions)
        if !model.functions.isEmpty { nodeNames = UnusedNames(Set(model.graph.node.map(\.name))) }
        survey(model.graph)
        for function in model.functions {
            names.formUnion(function.input)
            read.formUnion(function.output)
            survey(function.node)
        }
    }

    /// Goes into a function, whose nodes are of this opset; returns the opset around it.
    mutating func enter(_ function: FunctionProto, from node: NodeProto, opset: Int) throws(GraphError) -> Int {
        try functions.enter(function, from: node)
        defer { self.opset = opset }
        return self.opset
    }

    mutating func leaveFunction(to opset: Int) {
        functions.leave()
        self.opset = opset
    }

    /// What takes the place of a call of a local function.
    mutating func nodes(of function: FunctionProto, calledBy node: NodeProto) -> [NodeProto] {
        let functions = functions
        let call = FunctionCall(function: function, node: node) { functions.function(calledBy: $0) != nil }
        let nodes = call.nodes(unique: { uniqueName($0) }, uniqueNode: { nodeNames.next($0) })
        survey(nodes)
        return nodes
    }

    mutating func enter(_ graph: GraphProto) {
        for tensor in graph.initializer { noteConstant(tensor, name: tensor.name) }
        for info in graph.input + graph.valueInfo + graph.output {
            guard case .tensorType(let tensor)? = info.type.value else { continue }
            scope.types[info.name] = ElementType(rawValue: tensor.elemType)
            guard tensor.hasShape else { continue }
            scope.ranks[info.name] = tensor.shape.dim.count
            scope.lengths[info.name] = tensor.shape.dim.map { $0.dimValue > 0 ? Int(exactly: $0.dimValue) : nil }
        }
    }

    /// Remembers what a node says about the values that it computes.
    mutating func note(_ node: NodeProto) {
        if node.opType == "Constant", let name = node.output.first, let value = node[attribute: "value"], value.hasT {
            noteConstant(value.t, name: name)
        }
        guard let output = node.output.first else { return }
        scope.operations[output] = node.opType
        guard scope.ranks[output] == nil, let rank = rankOfOutput(node) else { return }
        scope.ranks[output] = rank
    }

    private mutating func noteConstant(_ tensor: TensorProto, name: String) {
        scope.constants[name] = tensor
        scope.ranks[name] = tensor.dims.count
        scope.types[name] = ElementType(rawValue: tensor.dataType)
        scope.lengths[name] = tensor.dims.map { Int(exactly: $0) }
    }

    // MARK: Asking

    /// The tensor of an initializer or a Constant node.
    package func constant(_ name: String) -> AnyTensor? {
        scope.constants[name].flatMap { try? AnyTensor($0) }
    }

    /// The number of axes of a value, where the file tells.
    package func rank(of name: String) -> Int? { scope.ranks[name] }

    /// Whether any node reads the value, or it is an output of the model.
    package func isRead(_ name: String) -> Bool { !name.isEmpty && read.contains(name) }

    /// The floating-point type of a value, where the file tells or has only one such type.
    func floatingPointType(of name: String) -> ElementType? {
        scope.types[name] ?? (floatingPointTypes.count == 1 ? floatingPointTypes.first : nil)
    }

    // MARK: Adding

    /// A name that the model does not use yet.
    package mutating func freshName(_ stem: String) -> String {
        while true {
            counter += 1
            let name = "\(stem)_upgraded_\(counter)"
            if names.insert(name).inserted { return name }
        }
    }

    /// This name, or one like it where the model uses it.
    private mutating func uniqueName(_ wanted: String) -> String {
        names.insert(wanted).inserted ? wanted : freshName(wanted)
    }

    /// The name of a new constant.
    package mutating func add(_ tensor: AnyTensor, for node: NodeProto) -> String {
        add("Constant", [], for: node, attributes: [AttributeProto("value", tensor: tensor)])
    }

    /// The name of a new vector of integers.
    package mutating func add(_ integers: [Int], for node: NodeProto) -> String {
        add(AnyTensor(Tensor(vector: integers.map { Int64($0) })), for: node)
    }

    /// The name of a new number of the floating-point type of the value `like`.
    package mutating func add(_ number: Float, like value: String, for node: NodeProto) -> String {
        switch floatingPointType(of: value) {
        case .float32?: return add(AnyTensor(Tensor(number)), for: node)
        case .float64?: return add(AnyTensor(Tensor(Double(number))), for: node)
        case .float16?: return add(AnyTensor(Tensor(Float16(number))), for: node)
        case .bfloat16?: return add(AnyTensor(Tensor(BFloat16(number))), for: node)
        default: return add("CastLike", [add(AnyTensor(Tensor(number)), for: node), value], for: node)
        }
    }

    /// The name of the only output of a new node, which takes the place of `node` in the module tree too.
    package mutating func add(
        _ operatorName: String, _ inputs: [String], for node: NodeProto, attributes: [AttributeProto] = []
    ) -> String {
        let name = freshName(node.output.first ?? node.opType)
        var extra = NodeProto(operatorName, inputs, [name], attributes: attributes)
        extra.metadataProps = node.metadataProps
        added.append(extra)
        return name
    }

    /// The names of the first two outputs of a new node.
    mutating func addPair(
        _ operatorName: String, _ inputs: [String], for node: NodeProto, attributes: [AttributeProto]
    ) -> (String, String) {
        let names = (freshName(node.output.first ?? node.opType), freshName(node.output.first ?? node.opType))
        var extra = NodeProto(operatorName, inputs, [names.0, names.1], attributes: attributes)
        extra.metadataProps = node.metadataProps
        added.append(extra)
        return names
    }

    /// Makes a list of integers, if the node has that attribute, its input number `index`.
    package mutating func move(_ attribute: String, of node: inout NodeProto, toInput index: Int) {
        guard let value = node[attribute: attribute] else { return }
        node.attribute.removeAll { $0.name == attribute }
        let name: String
        if value.hasRefAttrName {
            // In a function's body: the caller gives the value, and a Constant can take it over as an attribute.
            var list = AttributeProto("value_ints", ints: [])
            list.refAttrName = value.refAttrName
            name = add("Constant", [], for: node, attributes: [list])
        } else {
            name = add(value.ints.map { Int($0) }, for: node)
        }
        node.setInput(index, to: name)
    }

    mutating func takeAdded() -> [NodeProto] {
        defer { added = [] }
        return added
    }

    // MARK: Survey

    private mutating func survey(_ graph: GraphProto) {
        for info in graph.input + graph.output + graph.valueInfo {
            names.insert(info.name)
            noteType(info.type.tensorType.elemType)
        }
        for tensor in graph.initializer {
            names.insert(tensor.name)
            noteType(tensor.dataType)
        }
        read.formUnion(graph.output.map(\.name))
        survey(graph.node)
    }

    private mutating func survey(_ nodes: [NodeProto]) {
        for node in nodes {
            names.formUnion(node.output)
            names.formUnion(node.input)
            read.formUnion(node.input)
            for attribute in node.attribute {
                if attribute.hasT { noteType(attribute.t.dataType) }
                if attribute.name == "to" { noteType(Int32(truncatingIfNeeded: attribute.i)) }
                if attribute.hasG { survey(attribute.g) }
                for graph in attribute.graphs { survey(graph) }
            }
        }
    }

    private mutating func noteType(_ code: Int32) {
        guard let type = ElementType(rawValue: code), type.isFloatingPoint else { return }
        floatingPointTypes.insert(type)
    }
}

extension NodeProto {
    /// Sets an input; inputs before it that the node does not have stay out.
    mutating func setInput(_ index: Int, to name: String) {
        while input.count <= index { input.append("") }
        input[index] = name
    }

    /// The node in a message: operator, and name or output.
    var label: String { "\(opType) '\(name.isEmpty ? output.first ?? "" : name)'" }
}
