import ONNXFormat
package import ONNXMessages

/// Brings the operators of a model to `Graph.opset`, as messages, before import.
package enum Upgrades {
    /// The oldest opset that is upgraded, and the newest that is taken.
    package static let opsets = 7...28

    /// All upgrades, by operator.
    package static let all: [any OperatorUpgrade] = [
        BatchNormalizationUpgrade(),
        ClipUpgrade(),
        DFTUpgrade(),
        DropoutUpgrade(),
        GridSampleUpgrade(),
        GroupNormalizationUpgrade(),
        PadUpgrade(),
        ReduceSumUpgrade(),
        ReduceUpgrade(),
        ResizeUpgrade(),
        RoiAlignUpgrade(),
        ScanUpgrade(),
        ScatterUpgrade(),
        SliceUpgrade(),
        SoftmaxUpgrade(),
        SplitUpgrade(),
        SqueezeUpgrade(),
        TopKUpgrade(),
        UpsampleUpgrade(),
    ]

    private static let byOperator = Dictionary(
        all.flatMap { upgrade in upgrade.operators.map { ($0, upgrade) } }, uniquingKeysWith: { first, _ in first })

    /// The model with every operator of ONNX's own domain, in subgraphs too, as of `Graph.opset`, and with the nodes of its
    /// local functions in place of their calls (a function may be of another opset than the model).
    ///
    /// Operators of other domains are left as they are.
    package static func apply(to model: ModelProto) throws(GraphError) -> ModelProto {
        // A model of nothing but calls need not say what its functions are made of.
        let own = model.opsetImport.filter(\.isStandard)
        let imports = own.isEmpty ? model.functions.flatMap(\.opsetImport) : own
        let opset = try checkedOpset(imports, of: "The model's operators")
        var model = model
        if model.irVersion < 4 { model.graph.dropInitializersFromInputs() }
        var context = UpgradeContext(model: model, opset: opset)
        model.graph = try upgraded(model.graph, in: &context)
        model.opsetImport = relabelled(
            context.functions.imports(beside: model.opsetImport, usedBy: model.graph))
        model.functions = []
        model.irVersion = 10
        return model
    }

    private static func upgraded(_ graph: GraphProto, in context: inout UpgradeContext) throws(GraphError) -> GraphProto
    {
        let outer = context.scope
        defer { context.scope = outer }
        context.enter(graph)
        var graph = graph
        graph.node = try upgraded(graph.node, in: &context)
        return graph
    }

    private static func upgraded(
        _ nodes: [NodeProto], in context: inout UpgradeContext
    ) throws(GraphError) -> [NodeProto] {
        var result: [NodeProto] = []
        result.reserveCapacity(nodes.count)
        for var node in nodes {
            for index in node.attribute.indices {
                if node.attribute[index].hasG {
                    node.attribute[index].g = try upgraded(node.attribute[index].g, in: &context)
                }
                if !node.attribute[index].graphs.isEmpty {
                    node.attribute[index].graphs = try node.attribute[index].graphs.map { graph throws(GraphError) in
                        try upgraded(graph, in: &context)
                    }
                }
            }
            if let function = context.functions.function(calledBy: node) {
                result += try inlined(function, at: node, in: &context)
                continue
            }
            context.note(node)
            let rewritten = try upgraded(node, in: &context)
            result += context.takeAdded()
            result += rewritten
        }
        return result
    }

    /// The nodes of a local function in place of a call of it.
    private static func inlined(
        _ function: FunctionProto, at node: NodeProto, in context: inout UpgradeContext
    ) throws(GraphError) -> [NodeProto] {
        var opset = context.opset
        if function.opsetImport.contains(where: \.isStandard) {
            opset = try checkedOpset(
                function.opsetImport, of: "The operators of the model's function \(function.name)")
        }
        let outer = try context.enter(function, from: node, opset: opset)
        defer { context.leaveFunction(to: outer) }
        return try upgraded(context.nodes(of: function, calledBy: node), in: &context)
    }

    private static func upgraded(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]
    {
        if let nodes = try Decompositions.nodes(for: node, in: &context) { return nodes }
        guard node.isStandard else { return [node] }
        if context.opset > Graph.opset { return [try NewerOpset.node(node, opset: context.opset)] }
        guard let upgrade = byOperator[node.opType], context.opset < upgrade.changedAt else { return [node] }
        return try upgrade.upgrade(node, in: &context)
    }

    private static func checkedOpset(
        _ imports: [OperatorSetIdProto], of what: String
    ) throws(GraphError) -> Int {
        let version = imports.last { $0.isStandard }?.version ?? 1
        guard let opset = Int(exactly: version), opsets.contains(opset) else {
            throw .unsupportedModel(
                reason:
                    "\(what) are of ONNX opset \(version), and Gaze reads \(opsets.lowerBound) to \(opsets.upperBound)",
                advice: "Export the model with opset \(Graph.opset), or convert it with "
                    + "onnx.version_converter.convert_version(model, \(Graph.opset)).")
        }
        return opset
    }

    private static func relabelled(_ imports: [OperatorSetIdProto]) -> [OperatorSetIdProto] {
        var standard = OperatorSetIdProto()
        standard.domain = ""
        standard.version = Int64(Graph.opset)
        return [standard] + imports.filter { !$0.isStandard }
    }
}

extension OperatorSetIdProto {
    fileprivate var isStandard: Bool { domain.isEmpty || domain == "ai.onnx" }
}

extension NodeProto {
    /// Whether the operator is one of ONNX's own.
    var isStandard: Bool { domain.isEmpty || domain == "ai.onnx" }
}

extension GraphProto {
    /// Before IR version 4 every weight had to be listed as an input as well, which later means that callers replace it.
    fileprivate mutating func dropInitializersFromInputs() {
        let names = Set(initializer.map(\.name))
        input.removeAll { names.contains($0.name) }
    }
}
