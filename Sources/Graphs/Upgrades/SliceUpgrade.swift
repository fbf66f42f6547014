import ONNXFormat
package import ONNXMessages

/// Opset 10 made Slice's starts, ends and axes inputs.
package struct SliceUpgrade: OperatorUpgrade {
    package let operators = ["Slice"]
    package let changedAt = 10

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        var node = node
        context.move("starts", of: &node, toInput: 1)
        context.move("ends", of: &node, toInput: 2)
        context.move("axes", of: &node, toInput: 3)
        return [node]
    }
}
