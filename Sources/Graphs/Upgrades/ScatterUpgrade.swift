package import ONNXMessages

/// Opset 11 renamed Scatter.
package struct ScatterUpgrade: OperatorUpgrade {
    package let operators = ["Scatter"]
    package let changedAt = 11

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        var node = node
        node.opType = "ScatterElements"
        return [node]
    }
}
