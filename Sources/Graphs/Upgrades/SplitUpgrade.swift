import ONNXFormat
package import ONNXMessages

/// Opset 13 made Split's lengths an input, and opset 18 wants the number of outputs where there are none.
package struct SplitUpgrade: OperatorUpgrade {
    package let operators = ["Split"]
    package let changedAt = 18

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        var node = node
        context.move("split", of: &node, toInput: 1)
        if node.input.count < 2 || node.input[1].isEmpty {
            node.attribute.append(AttributeProto("num_outputs", int: node.output.count))
        }
        return [node]
    }
}
