import ONNXFormat
package import ONNXMessages

/// ONNX Runtime's Gelu, BiasGelu, FastGelu (the tanh form, with an optional bias) and QuickGelu (x σ(α x)).
package struct GeluDecomposition: OperatorDecomposition {
    package let domain = "com.microsoft"
    package let operators = ["BiasGelu", "FastGelu", "Gelu", "QuickGelu"]

    package func decompose(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]? {
        guard let value = node.given(0) else { return nil }
        if node.opType == "QuickGelu" {
            return [SwishDecomposition.swish(of: value, slope: node.float("alpha") ?? 1.702, node, in: &context)]
        }
        let biased = node.given(1).map { context.add("Add", [value, $0], for: node) } ?? value
        let form = AttributeProto("approximate", string: node.opType == "FastGelu" ? "tanh" : "none")
        return [node.becoming("Gelu", [biased], attributes: [form])]
    }
}
