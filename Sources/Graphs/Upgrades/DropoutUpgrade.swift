import ONNXFormat
package import ONNXMessages
import Tensors

/// Opset 12 made Dropout's ratio an input and opset 10 its mask a truth value; without a third input it is off.
package struct DropoutUpgrade: OperatorUpgrade {
    package let operators = ["Dropout"]
    package let changedAt = 12

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        var node = node
        if let ratio = node.float("ratio") {
            node.setInput(1, to: context.add(AnyTensor(Tensor(ratio)), for: node))
        }
        node.attribute.removeAll { $0.name == "ratio" }
        guard node.output.count > 1 else { return [node] }
        let mask = node.output[1]
        guard context.isRead(mask) else {
            node.output.removeLast(node.output.count - 1)
            return [node]
        }
        guard context.opset < 10, let value = node.input.first else { return [node] }
        node.output[1] = context.freshName(mask)
        return [node, NodeProto("CastLike", [node.output[1], value], [mask])]
    }
}
