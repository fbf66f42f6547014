import Graphs
import Tensors

/// Appends nodes whose types and shapes are known as they are appended.
package struct ExpansionBuilder {
    /// What was appended so far.
    var graph = Graph()
    /// For every operand of the expanded node the value that stands for it.
    var operands: [ValueID?] = []
    /// Whether every product with weights is one linear layer.
    let isLayered: Bool
    private let type: ElementType
    private let origin: Origin
    private var scalars: [Double: ValueID] = [:]

    init(_ step: BackwardStep, isLayered: Bool) {
        type = step.elementType
        origin = step.node.origin
        self.isLayered = isLayered
    }

    /// The value that stands for an operand of the expanded node; nil where it is left out.
    func operand(_ index: Int) -> ValueID? { index < operands.count ? operands[index] : nil }

    /// The shape of a value, which every value here has.
    func shape(_ value: ValueID) -> Shape { graph.shape(of: value) ?? [] }

    // MARK: Nodes

    mutating func emit(
        _ operation: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:], shape: Shape,
        type given: ElementType? = nil
    ) -> ValueID {
        let value = graph.append(operation, inputs, attributes: attributes, name: "d.\(operation)", origin: origin)[0]
        graph[value].type = given ?? type
        graph[value].shape = shape
        return value
    }

    /// A function of each element.
    mutating func map(_ operation: String, _ value: ValueID, _ attributes: [String: Attribute] = [:]) -> ValueID {
        emit(operation, [value], attributes, shape: shape(value))
    }

    mutating func scalar(_ number: Double) -> ValueID {
        if let known = scalars[number] { return known }
        let tensor = AnyTensor(Tensor<Float>(Float(number)))
        let value = graph.addConstant(type == .float32 ? tensor : tensor.converted(to: type), name: "constant")
        scalars[number] = value
        return value
    }

    mutating func integers(_ values: [Int]) -> ValueID {
        graph.addConstant(AnyTensor(Tensor(vector: values.map { Int64($0) })), name: "integers")
    }

    mutating func constant(_ values: [Float], _ shape: Shape) -> ValueID {
        var tensor = Tensor<Float>(repeating: 0, shape: shape)
        tensor.mutateElements { $0 = values }
        let erased = AnyTensor(tensor)
        return graph.addConstant(type == .float32 ? erased : erased.converted(to: type), name: "constant")
    }

    mutating func add(_ left: ValueID, _ right: ValueID) -> ValueID { binary("Add", left, right) }
    mutating func subtract(_ left: ValueID, _ right: ValueID) -> ValueID { binary("Sub", left, right) }
    mutating func multiply(_ left: ValueID, _ right: ValueID) -> ValueID { binary("Mul", left, right) }

    /// An operator that broadcasts two operands.
    mutating func binary(_ operation: String, _ left: ValueID, _ right: ValueID, type: ElementType? = nil) -> ValueID {
        let shape = shape(left).broadcast(with: shape(right)) ?? shape(left)
        return emit(operation, [left, right], shape: shape, type: type)
    }

    /// `Where(condition, left, right)` for operands of one shape.
    mutating func choose(_ condition: ValueID, _ left: ValueID, _ right: ValueID) -> ValueID {
        let shape = shape(left).broadcast(with: shape(right)) ?? shape(left)
        return emit("Where", [condition, left, right], shape: shape)
    }

    /// A matrix product over the last axes; the leading ones are the left operand's, or broadcast.
    mutating func product(_ left: ValueID, _ right: ValueID) -> ValueID {
        let (a, b) = (shape(left), shape(right))
        let leading =
            Shape(Array(a.dimensions.dropLast(2)))
            .broadcast(with: Shape(Array(b.dimensions.dropLast(2)))) ?? []
        return emit("MatMul", [left, right], shape: Shape(leading.dimensions + [a[-2], b[-1]]))
    }

    // MARK: Movement

    mutating func reshape(_ value: ValueID, to target: Shape) -> ValueID {
        guard shape(value) != target else { return value }
        return emit(
            "Reshape", [value, integers(target.dimensions)], ["allowzero": .integer(1)], shape: target,
            type: graph[value].type)
    }

    mutating func transpose(_ value: ValueID, _ permutation: [Int]) -> ValueID {
        let old = shape(value)
        return emit(
            "Transpose", [value], ["perm": .integers(permutation)], shape: Shape(permutation.map { old[$0] }),
            type: graph[value].type)
    }

    mutating func expand(_ value: ValueID, to target: Shape) -> ValueID {
        guard shape(value) != target else { return value }
        return emit("Expand", [value, integers(target.dimensions)], shape: target, type: graph[value].type)
    }

    /// The part from `start` up to `end` along an axis.
    mutating func slice(_ value: ValueID, from start: Int, to end: Int, axis: Int) -> ValueID {
        var target = shape(value)
        guard start > 0 || end < target[axis] else { return value }
        target.dimensions[axis] = end - start
        return emit(
            "Slice", [value, integers([start]), integers([end]), integers([axis])], shape: target,
            type: graph[value].type)
    }

    /// The parts of these lengths along an axis.
    mutating func split(_ value: ValueID, _ lengths: [Int], axis: Int) -> [ValueID] {
        guard lengths.count > 1 else { return [value] }
        let parts = graph.append(
            "Split", [value, integers(lengths)], attributes: ["axis": .integer(axis)], outputCount: lengths.count,
            name: "d.Split", origin: origin)
        for (part, length) in zip(parts, lengths) {
            var target = shape(value)
            target.dimensions[axis] = length
            graph[part].shape = target
            graph[part].type = graph[value].type
        }
        return parts
    }

    mutating func concatenate(_ parts: [ValueID], axis: Int) -> ValueID {
        guard parts.count > 1 else { return parts[0] }
        var target = shape(parts[0])
        target.dimensions[axis] = parts.reduce(0) { $0 + shape($1)[axis] }
        return emit("Concat", parts, ["axis": .integer(axis)], shape: target, type: graph[parts[0]].type)
    }
}
