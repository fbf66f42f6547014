import ONNXMessages

/// All decompositions, by operator.
package enum Decompositions {
    package static let all: [any OperatorDecomposition] = [
        AttentionDecomposition(),
        FusedConvDecomposition(),
        FusedMatMulDecomposition(),
        GeluDecomposition(),
        RMSNormalizationDecomposition(),
        RecurrentLayoutDecomposition(),
        RotaryEmbeddingDecomposition(),
        SkipLayerNormalizationDecomposition(),
        SwishDecomposition(),
    ]

    private static let byOperator = Dictionary(
        all.flatMap { decomposition in
            decomposition.operators.map { (key(decomposition.domain, $0), decomposition) }
        }, uniquingKeysWith: { first, _ in first })

    /// The nodes that compute the same outputs as a node that `Graph.opset` does not have; nil where there are none.
    static func nodes(for node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]? {
        try byOperator[key(node.domain, node.opType)]?.decompose(node, in: &context)
    }

    private static func key(_ domain: String, _ operation: String) -> String {
        (domain == "ai.onnx" ? "" : domain) + "." + operation
    }
}
