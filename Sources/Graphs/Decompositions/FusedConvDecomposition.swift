import ONNXFormat
package import ONNXMessages

/// ONNX Runtime's convolution or product with an activation behind it; FusedConv may add a fourth input in between.
package struct FusedConvDecomposition: OperatorDecomposition {
    package let domain = "com.microsoft"
    package let operators = ["FusedConv", "FusedGemm"]

    /// The attributes of each activation, in the order in which the fused node lists its parameters.
    private static let activations: [String: [String]] = [
        "Clip": ["min", "max"], "HardSigmoid": ["alpha", "beta"], "HardSwish": [], "LeakyRelu": ["alpha"], "Relu": [],
        "Sigmoid": [], "Tanh": [],
    ]

    package func decompose(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]? {
        let kind = node.string("activation") ?? ""
        guard let first = node.given(0), kind.isEmpty || Self.activations[kind] != nil else { return nil }
        let names = Self.activations[kind] ?? []
        let given =
            node.floats("activation_params")
            ?? ["alpha", "beta"].compactMap { node.float("activation_\($0)") }
        guard given.count >= names.count else { return nil }
        let plain = node.attribute.filter { !$0.name.hasPrefix("activation") }
        let isConvolution = node.opType == "FusedConv"
        let inputs = isConvolution ? Array(node.input.prefix(3)) : node.input
        var value = context.add(isConvolution ? "Conv" : "Gemm", inputs, for: node, attributes: plain)
        if isConvolution, let summand = node.given(3) { value = context.add("Add", [value, summand], for: node) }
        switch kind {
        case "": return [node.becoming("Identity", [value])]
        case "Clip":
            let bounds = given.prefix(2).map { context.add($0, like: first, for: node) }
            return [node.becoming("Clip", [value] + bounds)]
        default:
            return [
                node.becoming(kind, [value], attributes: zip(names, given).map { AttributeProto($0, float: $1) })
            ]
        }
    }
}
