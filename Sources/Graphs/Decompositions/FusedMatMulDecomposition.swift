import ONNXFormat
package import ONNXMessages

/// ONNX Runtime's matrix product with a factor, of operands that may be transposed.
package struct FusedMatMulDecomposition: OperatorDecomposition {
    package let domain = "com.microsoft"
    package let operators = ["FusedMatMul", "TransposeMatMul"]

    package func decompose(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]? {
        guard let left = node.given(0), let right = node.given(1), node.int("transBatchA") ?? 0 == 0,
            node.int("transBatchB") ?? 0 == 0
        else { return nil }
        let operands = [(left, "transA"), (right, "transB")].map { operand, name in
            (node.int(name) ?? 0) == 0 ? operand : transposed(operand, node, in: &context)
        }
        let factor = node.float("alpha") ?? 1
        guard factor != 1 else { return [node.becoming("MatMul", operands)] }
        let product = context.add("MatMul", operands, for: node)
        return [node.becoming("Mul", [product, context.add(factor, like: left, for: node)])]
    }

    /// The last two axes in the other order; a vector stays as it is.
    private func transposed(_ value: String, _ node: NodeProto, in context: inout UpgradeContext) -> String {
        guard let rank = context.rank(of: value) else {
            return context.add(
                "Einsum", [value], for: node, attributes: [AttributeProto("equation", string: "...ij->...ji")])
        }
        guard rank > 1 else { return value }
        let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
        return context.add("Transpose", [value], for: node, attributes: [AttributeProto("perm", ints: order)])
    }
}
