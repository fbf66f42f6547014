import ONNXFormat
package import ONNXMessages

/// Opset 10 made TopK's k an input.
package struct TopKUpgrade: OperatorUpgrade {
    package let operators = ["TopK"]
    package let changedAt = 10

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        guard let k = node.int("k") else { return [node] }
        var node = node
        node.attribute.removeAll { $0.name == "k" }
        node.setInput(1, to: context.add([k], for: node))
        return [node]
    }
}
