import ONNXFormat
package import ONNXMessages
import Tensors

/// Opset 20 made DFT's axis an input, with another default.
package struct DFTUpgrade: OperatorUpgrade {
    package let operators = ["DFT"]
    package let changedAt = 20

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        var node = node
        let axis = node.int("axis") ?? 1
        node.attribute.removeAll { $0.name == "axis" }
        node.setInput(2, to: context.add(AnyTensor(Tensor(Int64(axis))), for: node))
        return [node]
    }
}
