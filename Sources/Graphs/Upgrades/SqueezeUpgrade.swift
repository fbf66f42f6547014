import ONNXFormat
package import ONNXMessages

/// Opset 13 made the axes of Squeeze and Unsqueeze an input.
package struct SqueezeUpgrade: OperatorUpgrade {
    package let operators = ["Squeeze", "Unsqueeze"]
    package let changedAt = 13

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        var node = node
        context.move("axes", of: &node, toInput: 1)
        return [node]
    }
}
