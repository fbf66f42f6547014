import ONNXFormat
package import ONNXMessages

/// Opset 11 made Clip's bounds inputs.
package struct ClipUpgrade: OperatorUpgrade {
    package let operators = ["Clip"]
    package let changedAt = 11

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        guard let value = node.input.first else { return [node] }
        var node = node
        for (index, name) in [(1, "min"), (2, "max")] {
            guard let bound = node[attribute: name] else { continue }
            node.attribute.removeAll { $0.name == name }
            if bound.hasRefAttrName {
                var number = AttributeProto("value_float", float: 0)
                number.clearF()
                number.refAttrName = bound.refAttrName
                let constant = context.add("Constant", [], for: node, attributes: [number])
                node.setInput(index, to: context.add("CastLike", [constant, value], for: node))
            } else {
                node.setInput(index, to: context.add(bound.f, like: value, for: node))
            }
        }
        return [node]
    }
}
