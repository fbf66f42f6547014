package import ONNXMessages

/// Opset 13 made the axes of ReduceSum an input, five opsets before those of the other reductions.
package struct ReduceSumUpgrade: OperatorUpgrade {
    package let operators = ["ReduceSum"]
    package let changedAt = 13

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        [ReduceUpgrade.withAxesAsInput(node, in: &context)]
    }
}
