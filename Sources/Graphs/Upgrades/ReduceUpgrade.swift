import ONNXFormat
package import ONNXMessages

/// Opset 18 made the axes of reductions an input (those of ReduceSum: `ReduceSumUpgrade`).
package struct ReduceUpgrade: OperatorUpgrade {
    package let operators = [
        "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
        "ReduceSumSquare",
    ]
    package let changedAt = 18

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        [Self.withAxesAsInput(node, in: &context)]
    }

    /// An empty list meant all axes, as no list does.
    static func withAxesAsInput(_ node: NodeProto, in context: inout UpgradeContext) -> NodeProto {
        var node = node
        node.attribute.removeAll { $0.name == "axes" && $0.ints.isEmpty && !$0.hasRefAttrName }
        context.move("axes", of: &node, toInput: 1)
        return node
    }
}
