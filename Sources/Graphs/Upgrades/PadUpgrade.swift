import ONNXFormat
package import ONNXMessages

/// Opset 11 made Pad's widths and value inputs.
package struct PadUpgrade: OperatorUpgrade {
    package let operators = ["Pad"]
    package let changedAt = 11

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        guard let input = node.input.first else { return [node] }
        var node = node
        context.move("pads", of: &node, toInput: 1)
        if let value = node.float("value"), value != 0 {
            node.setInput(2, to: context.add(value, like: input, for: node))
        }
        node.attribute.removeAll { $0.name == "value" }
        return [node]
    }
}
