import ONNXFormat
import ONNXMessages
import Tensors

/// Shapes, as the file declares them and as nodes.
extension UpgradeContext {
    /// The length of an axis where the file declares it.
    func length(of name: String, axis: Int) -> Int? {
        guard let lengths = scope.lengths[name], axis < lengths.count else { return nil }
        return lengths[axis]
    }

    /// The length of the last axis where the file declares it.
    func lastLength(of name: String) -> Int? { scope.lengths[name]?.last ?? nil }

    /// The element type where the file declares it.
    func elementType(of name: String) -> ElementType? { scope.types[name] }

    /// The operator whose first output this is.
    func operation(computing name: String) -> String? { scope.operations[name] }

    /// The name of an integer without axes.
    mutating func addScalar(_ integer: Int, for node: NodeProto) -> String {
        add(AnyTensor(Tensor(Int64(integer))), for: node)
    }

    /// The name of a vector with the length of one axis.
    mutating func length(of value: String, axis: Int, for node: NodeProto) -> String {
        let bounds = [AttributeProto("start", int: axis), AttributeProto("end", int: axis + 1)]
        return add("Shape", [value], for: node, attributes: bounds)
    }

    /// The name of 0, 1, 2, … along axis 2 of a value.
    mutating func positions(along value: String, for node: NodeProto) -> String {
        let count = add("Squeeze", [length(of: value, axis: 2, for: node)], for: node)
        return add("Range", [addScalar(0, for: node), count, addScalar(1, for: node)], for: node)
    }

    /// The names of both halves along the last axis.
    mutating func halves(of value: String, for node: NodeProto) -> (String, String) {
        addPair(
            "Split", [value], for: node,
            attributes: [AttributeProto("axis", int: -1), AttributeProto("num_outputs", int: 2)])
    }
}
