import ONNXFormat
package import ONNXMessages
import Tensors

/// Opset 10 replaced Upsample by Resize, whose later defaults are others.
package struct UpsampleUpgrade: OperatorUpgrade {
    package let operators = ["Upsample"]
    package let changedAt = 10

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        guard let value = node.input.first else { return [node] }
        var scales = node.input.count > 1 ? node.input[1] : ""
        if let list = node.floats("scales") { scales = context.add(AnyTensor(Tensor(vector: list)), for: node) }
        var node = node
        node.opType = "Resize"
        node.input = [value, "", scales]
        node.attribute = [
            AttributeProto("mode", string: node.string("mode") ?? "nearest"),
            AttributeProto("coordinate_transformation_mode", string: "asymmetric"),
            AttributeProto("nearest_mode", string: "floor"),
        ]
        return [node]
    }
}
