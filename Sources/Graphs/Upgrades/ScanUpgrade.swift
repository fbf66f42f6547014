package import ONNXMessages

/// Scan of opset 8 ran over batches of sequences of unequal length, which no later operator does.
package struct ScanUpgrade: OperatorUpgrade {
    package let operators = ["Scan"]
    package let changedAt = 9

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        throw .unsupportedModel(
            reason: "Node \(node.label) is a Scan of opset 8, which has no later form",
            advice: "Export the model with opset \(Graph.opset).")
    }
}
