import ONNXFormat
package import ONNXMessages

/// Swish of opset 24: x σ(α x).
package struct SwishDecomposition: OperatorDecomposition {
    package let domain = ""
    package let operators = ["Swish"]

    package func decompose(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]? {
        guard let value = node.given(0) else { return nil }
        return [Self.swish(of: value, slope: node.float("alpha") ?? 1, node, in: &context)]
    }

    static func swish(
        of value: String, slope: Float, _ node: NodeProto, in context: inout UpgradeContext
    ) -> NodeProto {
        let factor = slope == 1 ? nil : context.add(slope, like: value, for: node)
        let scaled = factor.map { context.add("Mul", [value, $0], for: node) } ?? value
        return node.becoming("Mul", [value, context.add("Sigmoid", [scaled], for: node)])
    }
}
