import ONNXFormat
package import ONNXMessages

/// RMSNormalization of opset 23, and ONNX Runtime's name for it: x / √(mean x² + ε) · scale over the axes from `axis` on.
package struct RMSNormalizationDecomposition: OperatorDecomposition {
    package let domain = ""
    package let operators = ["RMSNormalization", "SimplifiedLayerNormalization"]

    package func decompose(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]? {
        guard node.input.count == 2, !context.isRead(node.output.count > 1 ? node.output[1] : "") else { return nil }
        let axis = node.int("axis") ?? -1
        let axes: String
        if axis < 0, axis > -64 {
            axes = context.add(Array(axis..<0), for: node)
        } else {
            let shape = context.add("Shape", [node.input[0]], for: node)
            let rank = context.add("Size", [shape], for: node)
            let ends = [context.addScalar(axis, for: node), rank, context.addScalar(1, for: node)]
            axes = context.add("Range", ends, for: node)
        }
        return [Self.normalised(node, node.input[0], scale: node.input[1], over: axes, in: &context)]
    }

    static func normalised(
        _ node: NodeProto, _ value: String, scale: String, over axes: String, in context: inout UpgradeContext
    ) -> NodeProto {
        let squares = context.add("Mul", [value, value], for: node)
        let mean = context.add("ReduceMean", [squares, axes], for: node)
        let epsilon = context.add(node.float("epsilon") ?? 1e-5, like: value, for: node)
        let root = context.add("Sqrt", [context.add("Add", [mean, epsilon], for: node)], for: node)
        let normalised = context.add("Div", [value, root], for: node)
        return node.becoming("Mul", [normalised, scale])
    }
}
