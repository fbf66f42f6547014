import ONNXMessages
import Tensors

extension ControlFlow {
    /// More elements than this in one sequence are not followed.
    private static let longestSequence = 4096

    /// Follows a sequence through the node that makes it, or takes from it what the node takes.
    ///
    /// Nodes that make sequences stay, for readers that are not resolved; without readers they go.
    mutating func resolveSequence(_ node: Node) throws -> Bool {
        guard let result = node.output(0) else { return false }
        switch node.operation {
        case "SequenceEmpty": sequences[result] = []
        case "SequenceConstruct":
            let elements = node.inputs.compactMap { input in input.flatMap { rebuilder.value($0) } }
            if elements.count == node.inputs.count { keep(elements, as: result) }
        case "SequenceInsert", "SequenceErase": edit(node, result)
        case "SplitToSequence": if let parts = parts(node) { keep(parts, as: result) }
        case "Identity": if let input = node.input(0), let elements = sequences[input] { sequences[result] = elements }
        default: return take(node, result)
        }
        return false
    }

    private mutating func keep(_ elements: [ValueID], as result: ValueID) {
        if elements.count <= Self.longestSequence { sequences[result] = elements }
    }

    private mutating func edit(_ node: Node, _ result: ValueID) {
        guard let sequence = node.input(0), var elements = sequences[sequence] else { return }
        let isInsertion = node.operation == "SequenceInsert"
        let places = elements.count + (isInsertion ? 1 : 0)
        guard let position = position(node.input(isInsertion ? 2 : 1), among: places, count: elements.count)
        else { return }
        if isInsertion {
            guard let element = node.input(1).flatMap({ rebuilder.value($0) }) else { return }
            elements.insert(element, at: position)
        } else {
            elements.remove(at: position)
        }
        keep(elements, as: result)
    }

    /// A constant position among as many places, the last where none is given; a negative one counts from the end of the
    /// `count` elements.
    private func position(_ input: ValueID?, among places: Int, count: Int) -> Int? {
        var position = places - 1
        if let input {
            guard let given = integer(rebuilder.source[input].constant), (-count...count).contains(given) else {
                return nil
            }
            position = given < 0 ? given + count : given
        }
        return (0..<max(0, places)).contains(position) ? position : nil
    }

    /// The parts that SplitToSequence makes.
    private mutating func parts(_ node: Node) -> [ValueID]? {
        let axis = node.integer("axis") ?? 0
        guard let input = node.input(0), let shape = rebuilder.source.shape(of: input),
            (-shape.rank..<shape.rank).contains(axis), let value = rebuilder.value(input)
        else { return nil }
        let length = shape[axis < 0 ? axis + shape.rank : axis]
        guard let lengths = partLengths(node.input(1), of: length), !lengths.isEmpty, fits(lengths.count) else {
            return nil
        }
        let keepsAxis = node.input(1) != nil || node.integer("keepdims") ?? 1 != 0
        return split(value, axis: axis, lengths: lengths, keepsAxis: keepsAxis)
    }

    private func partLengths(_ input: ValueID?, of length: Int) -> [Int]? {
        guard length <= Self.longestSequence else { return nil }
        guard let input else { return [Int](repeating: 1, count: length) }
        guard let tensor = rebuilder.source[input].constant, !tensor.elementType.isFloatingPoint else { return nil }
        let given = tensor.integers
        if tensor.shape.rank == 0, let size = given.first {
            guard size > 0 else { return nil }
            return stride(from: 0, to: length, by: size).map { min(size, length - $0) }
        }
        guard given.allSatisfy({ (0...length).contains($0) }), given.reduce(0, +) == length else { return nil }
        return given
    }

    /// What SequenceAt, SequenceLength and ConcatFromSequence give.
    private mutating func take(_ node: Node, _ result: ValueID) -> Bool {
        guard let sequence = node.input(0), let elements = sequences[sequence] else { return false }
        switch node.operation {
        case "SequenceAt":
            guard node.input(1) != nil, !elements.isEmpty,
                let position = position(node.input(1), among: elements.count, count: elements.count)
            else { return false }
            rebuilder.alias(result, to: elements[position])
        case "SequenceLength":
            rebuilder.replace(result, by: AnyTensor(Tensor(Int64(elements.count))))
        case "ConcatFromSequence":
            guard let axis = node.integer("axis"), !elements.isEmpty else { return false }
            if node.integer("new_axis") ?? 0 != 0 {
                stack(elements, axis: axis, as: result, of: node)
            } else {
                let joined = rebuilder.graph.append(
                    "Concat", elements, attributes: ["axis": .integer(axis)], name: rebuilder.source[result].name,
                    origin: node.origin)
                rebuilder.alias(result, to: joined[0])
            }
        default: return false
        }
        return true
    }
}
