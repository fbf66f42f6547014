import ONNXFormat
package import ONNXMessages
import Tensors

/// Opset 11 added to Resize the region of interest as an input, and the ways in which positions are found.
///
/// Before, position i of the result was read at i / scale, rounded down, or up along axes that shrink.
package struct ResizeUpgrade: OperatorUpgrade {
    package let operators = ["Resize"]
    package let changedAt = 11

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        guard node.input.count == 2 else { return [node] }
        var node = node
        let mode = node.string("mode") ?? "nearest"
        let scales = context.constant(node.input[1])?.floats ?? []
        let shrinking = mode == "nearest" && scales.contains { $0 < 1 }
        if shrinking, scales.contains(where: { $0 > 1 }) {
            let down = context.add(AnyTensor(Tensor(vector: scales.map { min($0, 1) })), for: node)
            let up = context.add(AnyTensor(Tensor(vector: scales.map { max($0, 1) })), for: node)
            let smaller = context.add(
                "Resize", [node.input[0], "", down], for: node, attributes: attributes(mode, rounding: "ceil"))
            node.input = [smaller, "", up]
        } else {
            node.input = [node.input[0], "", node.input[1]]
        }
        let shrinksOnly = shrinking && !scales.contains { $0 > 1 }
        node.attribute = attributes(mode, rounding: shrinksOnly ? "ceil" : "floor")
        return [node]
    }

    private func attributes(_ mode: String, rounding: String) -> [AttributeProto] {
        [
            AttributeProto("mode", string: mode),
            AttributeProto("coordinate_transformation_mode", string: "asymmetric"),
            AttributeProto("nearest_mode", string: rounding),
        ]
    }
}
