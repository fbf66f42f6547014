package import ONNXMessages

/// Writes an operator that `Graph.opset` lacks as several that it has: newer ones of ONNX, fused ones of ONNX Runtime.
package protocol OperatorDecomposition: Sendable {
    /// Their operator set; empty is ONNX's own.
    var domain: String { get }
    /// The operators that it rewrites.
    var operators: [String] { get }
    /// The nodes that compute the same outputs, at `Graph.opset`; nil where this form of the operator has no such nodes.
    func decompose(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]?
}

extension NodeProto {
    /// Another node of ONNX's own domain in this one's place, for its output number `index`.
    func becoming(
        _ operatorName: String, _ inputs: [String], attributes: [AttributeProto] = [], output index: Int = 0
    ) -> NodeProto {
        var node = self
        node.opType = operatorName
        node.domain = ""
        node.input = inputs
        node.output = [output[index]]
        node.attribute = attributes
        return node
    }

    /// The input at `index`, nil where it is left out.
    func given(_ index: Int) -> String? { index < input.count && !input[index].isEmpty ? input[index] : nil }

    /// Whether the output at `index` has a name.
    func names(output index: Int) -> Bool { index < output.count && !output[index].isEmpty }
}
