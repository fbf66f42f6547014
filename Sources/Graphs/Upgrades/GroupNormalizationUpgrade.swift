import ONNXFormat
package import ONNXMessages

/// Opset 21 gave GroupNormalization a scale and a bias per channel, where it had them per group.
package struct GroupNormalizationUpgrade: OperatorUpgrade {
    package let operators = ["GroupNormalization"]
    package let changedAt = 21

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        guard node.input.count == 3, let groups = node.int("num_groups"), groups > 0 else {
            throw .unsupportedModel(
                reason: "Node \(node.label) lacks its inputs or its 'num_groups'", advice: "Export the model again.")
        }
        // [groups] -> [groups, 1] -> [groups, channels / groups] -> [channels].
        let channels = context.add(
            "Shape", [node.input[0]], for: node,
            attributes: [AttributeProto("start", int: 1), AttributeProto("end", int: 2)])
        let count = context.add([groups], for: node)
        let perGroup = context.add("Div", [channels, count], for: node)
        let expanded = context.add(
            "Concat", [count, perGroup], for: node, attributes: [AttributeProto("axis", int: 0)])
        var node = node
        for index in 1...2 {
            let column = context.add("Reshape", [node.input[index], context.add([-1, 1], for: node)], for: node)
            let table = context.add("Expand", [column, expanded], for: node)
            node.input[index] = context.add("Reshape", [table, context.add([-1], for: node)], for: node)
        }
        return [node]
    }
}
