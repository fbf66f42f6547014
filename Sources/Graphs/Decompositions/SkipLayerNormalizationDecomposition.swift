import ONNXFormat
package import ONNXMessages

/// ONNX Runtime's sum and LayerNormalization in one (`Simplified`: RMSNormalization) over the last axis.
package struct SkipLayerNormalizationDecomposition: OperatorDecomposition {
    package let domain = "com.microsoft"
    package let operators = ["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"]

    package func decompose(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]? {
        let isSimplified = node.opType == "SkipSimplifiedLayerNormalization"
        guard let value = node.given(0), let skip = node.given(1), let scale = node.given(2),
            !(1...2).contains(where: { node.names(output: $0) && context.isRead(node.output[$0]) })
        else { return nil }
        var sum = context.add("Add", [value, skip], for: node)
        if let bias = node.given(isSimplified ? 3 : 4) { sum = context.add("Add", [sum, bias], for: node) }
        var nodes: [NodeProto] = []
        if node.names(output: 3) { nodes.append(node.becoming("Identity", [sum], output: 3)) }
        if isSimplified {
            let last = context.add([-1], for: node)
            return nodes
                + [RMSNormalizationDecomposition.normalised(node, sum, scale: scale, over: last, in: &context)]
        }
        let epsilon = AttributeProto("epsilon", float: node.float("epsilon") ?? 1e-5)
        let inputs = [sum, scale] + (node.given(3).map { [$0] } ?? [])
        return nodes + [node.becoming("LayerNormalization", inputs, attributes: [epsilon])]
    }
}
