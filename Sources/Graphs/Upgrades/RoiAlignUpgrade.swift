import ONNXFormat
package import ONNXMessages

/// Opset 16 shifted RoiAlign by half a pixel, unless told otherwise.
package struct RoiAlignUpgrade: OperatorUpgrade {
    package let operators = ["RoiAlign"]
    package let changedAt = 16

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        var node = node
        node.attribute.append(AttributeProto("coordinate_transformation_mode", string: "output_half_pixel"))
        return [node]
    }
}
