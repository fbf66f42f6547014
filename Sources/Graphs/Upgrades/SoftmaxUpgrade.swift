import ONNXFormat
package import ONNXMessages

/// Before opset 13 Softmax and its relatives worked on all axes from `axis` on (1 by default), not on one axis.
package struct SoftmaxUpgrade: OperatorUpgrade {
    package let operators = ["Hardmax", "LogSoftmax", "Softmax"]
    package let changedAt = 13

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        guard let value = node.input.first else { return [node] }
        var node = node
        let old = node[attribute: "axis"] ?? AttributeProto("axis", int: 1)
        node.attribute.removeAll { $0.name == "axis" }
        if !old.hasRefAttrName, old.i == -1 || context.rank(of: value).map({ $0 > 0 && Int64($0 - 1) == old.i }) == true
        {
            node.attribute.append(AttributeProto("axis", int: Int(old.i)))
            return [node]
        }
        let shape = context.add("Shape", [value], for: node)
        node.input = [context.add("Flatten", [value], for: node, attributes: [old])]
        node.attribute.append(AttributeProto("axis", int: -1))
        let output = node.output
        node.output = [context.freshName(output.first ?? "")]
        return [node, NodeProto("Reshape", [node.output[0], shape], output)]
    }
}
