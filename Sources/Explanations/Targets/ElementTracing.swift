package import Graphs
import Tensors

/// Elements of one value, by flat position.
package struct TracedElements: Sendable {
    /// The value that holds them.
    package var value: ValueID
    /// Where in it.
    package var positions: [Int]
    /// Which of the elements that were asked about these are.
    package var members: [Int]
    /// The operator that they are an operand of: the activation at which the way back ended; nil where none was met.
    package var activation: String?
    /// The activation's result, which holds them as probabilities at the same positions.
    package var activated: ValueID?
    /// What the probabilities were multiplied by behind the activation: 100 for percent.
    package var factor: Float = 1

    package init(value: ValueID, positions: [Int], members: [Int], activation: String? = nil) {
        self.value = value
        self.positions = positions
        self.members = members
        self.activation = activation
    }

    /// Whether what the activation gives is put out as it is or in percent.
    fileprivate var isProbability: Bool { [1, 100].contains { abs(factor / $0 - 1) < 1e-3 } }
}

extension Graph {
    /// Activations that a class score may have passed.
    package static let scoreActivations: Set<String> = ["Softmax", "LogSoftmax", "Sigmoid"]

    /// Follows elements back through nodes that only move numbers (Reshape, Transpose, Concat, Slice, Split, …), and through
    /// quantisers.
    ///
    /// Where an activation of `activations` is met, the elements are those that enter it; else they are where the way back ends.
    /// Softmax keeps positions, so element i of the result belongs to element i of the operand. Probabilities may have been clipped or
    /// scaled since; nodes that do so are passed only on the way to an activation.
    package func traced(
        _ positions: [Int], of value: ValueID, to activations: Set<String> = Graph.scoreActivations
    ) -> [TracedElements] {
        var open: [(elements: TracedElements, before: TracedElements?)] = [
            (TracedElements(value: value, positions: positions, members: Array(positions.indices)), nil)
        ]
        var found: [TracedElements] = []
        let stopsAtQuantisers = activations.contains("QuantizeLinear")
        while var (elements, before) = open.popLast() {
            // Where parts end differently, those that meet no activation keep their place.
            func go(on parts: [TracedElements]) {
                open += parts.map { part in
                    var part = part
                    part.factor = elements.factor
                    return (part, before.map { $0.selecting(part.members, of: elements.members) })
                }
            }
            if let known = activation(endingIn: elements.value), activations.contains(known.name) {
                // Other multiples are measured values: an age in years, a box in pixels.
                if let before, !elements.isProbability {
                    found.append(before)
                    continue
                }
                elements.activated = elements.value
                elements.value = known.operand
                elements.activation = known.name
                found += (stopsAtQuantisers ? nil : inFrontOfQuantiser(elements)) ?? [elements]
            } else if let node = producingNode(of: elements.value), node.domain.isEmpty, let operand = node.input(0),
                activations.contains(node.operation)
            {
                elements.value = operand
                elements.activation = node.operation
                found.append(elements)
            } else if stopsAtQuantisers, let node = producingNode(of: elements.value), node.domain.isEmpty,
                node.operation == "DequantizeLinear", let operand = node.input(0)
            {
                elements.value = operand
                open.append((elements, before))
            } else if let node = producingNode(of: elements.value), node.domain.isEmpty,
                let parts = inFrontOfQuantiser(elements, behind: node) ?? moved(elements, behind: node)
            {
                go(on: parts)
            } else if !activations.isEmpty, let touched = touchedUp(elements.value),
                shape(of: touched.operand)?.count == shape(of: elements.value)?.count
            {
                before = before ?? elements
                elements.value = touched.operand
                elements.factor *= touched.factor
                open.append((elements, before))
            } else {
                found.append(before ?? elements)
            }
        }
        return found
    }

    /// The elements in the node's operands; nil where the node does more than move numbers.
    func moved(_ elements: TracedElements, behind node: Node) -> [TracedElements]? {
        guard let operand = node.input(0), let shape = shape(of: operand), let result = self.shape(of: elements.value)
        else { return nil }
        switch node.operation {
        case "Identity", "Dropout", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze":
            guard node.output(0) == elements.value, shape.count == result.count else { return nil }
            return [elements.at(operand)]
        case "Transpose":
            let order = node.integers("perm") ?? Array((0..<shape.rank).reversed())
            guard Set(order) == Set(0..<shape.rank), result.rank == shape.rank else { return nil }
            let strides = shape.strides
            return [elements.at(operand, steps: order.map { strides[$0] }, from: 0, in: result)]
        case "Concat": return separated(elements, behind: node, result: result)
        case "Split": return portion(elements, behind: node, shape: shape, result: result)
        case "Slice": return sliced(elements, behind: node, shape: shape, result: result)
        default: return nil
        }
    }

    private func separated(_ elements: TracedElements, behind node: Node, result: Shape) -> [TracedElements]? {
        guard let axis = Self.axis(node.integer("axis"), rank: result.rank) else { return nil }
        let inner = result.dimensions[(axis + 1)...].reduce(1, *)
        let lengths = node.inputs.map { $0.flatMap { shape(of: $0) }.flatMap { $0.rank > axis ? $0[axis] : nil } ?? 0 }
        guard inner > 0, lengths.reduce(0, +) == result[axis] else { return nil }
        let places = zip(node.inputs.indices, lengths).flatMap { Array(repeating: $0, count: $1) }
        var starts = [0]
        for length in lengths { starts.append((starts.last ?? 0) + length) }
        var parts = node.inputs.map { input in
            input.map { TracedElements(value: $0, positions: [], members: []) }
        }
        for (position, member) in zip(elements.positions, elements.members) {
            let (line, rest) = position.quotientAndRemainder(dividingBy: inner)
            let (outer, along) = line.quotientAndRemainder(dividingBy: result[axis])
            let input = places[along]
            let place = (outer * lengths[input] + along - starts[input]) * inner + rest
            parts[input]?.positions.append(place)
            parts[input]?.members.append(member)
        }
        return parts.compactMap { $0 }.filter { !$0.positions.isEmpty }
    }

    private func portion(
        _ elements: TracedElements, behind node: Node, shape: Shape, result: Shape
    ) -> [TracedElements]? {
        guard let axis = Self.axis(node.integer("axis") ?? 0, rank: shape.rank), let operand = node.input(0) else {
            return nil
        }
        var start = 0
        for output in node.outputs {
            guard let output, let part = self.shape(of: output), part.rank > axis else { return nil }
            if output == elements.value {
                let strides = shape.strides
                return [elements.at(operand, steps: strides, from: start * strides[axis], in: result)]
            }
            start += part[axis]
        }
        return nil
    }

    private func sliced(
        _ elements: TracedElements, behind node: Node, shape: Shape, result: Shape
    ) -> [TracedElements]? {
        func constants(_ index: Int) -> [Int]? {
            node.input(index).flatMap { self[$0].constant?.integers }
        }
        guard let operand = node.input(0), let starts = constants(1) else { return nil }
        guard node.input(3) == nil || constants(3) != nil, node.input(4) == nil || constants(4) != nil else {
            return nil
        }
        let axes = constants(3) ?? Array(starts.indices)
        let steps = constants(4) ?? Array(repeating: 1, count: starts.count)
        guard axes.count == starts.count, steps.count == starts.count else { return nil }
        let strides = shape.strides
        var walk = strides
        var first = 0
        for ((start, axis), step) in zip(zip(starts, axes), steps) {
            guard let axis = Self.axis(axis, rank: shape.rank), step != 0, step.magnitude <= shape[axis] else {
                return nil
            }
            let length = shape[axis]
            let wrapped = start < 0 && start >= -length ? start + length : start
            first += min(max(wrapped, 0), step > 0 ? length : length - 1) * strides[axis]
            walk[axis] = step * strides[axis]
        }
        return [elements.at(operand, steps: walk, from: first, in: result)]
    }

    private static func axis(_ axis: Int?, rank: Int) -> Int? {
        guard let axis, axis >= -rank, axis < rank else { return nil }
        return axis < 0 ? axis + rank : axis
    }
}

extension TracedElements {
    /// Those of these elements that a part of `all` consists of, as they are here.
    fileprivate func selecting(_ part: [Int], of all: [Int]) -> TracedElements {
        guard part.count != all.count else { return self }
        let wanted = Set(part)
        var copy = self
        let kept = members.indices.filter { wanted.contains(members[$0]) }
        copy.positions = kept.map { positions[$0] }
        copy.members = kept.map { members[$0] }
        return copy
    }

    /// The same positions of another value.
    fileprivate func at(_ value: ValueID) -> TracedElements {
        TracedElements(value: value, positions: positions, members: members)
    }

    /// Positions of a value where a step along each axis of `shape` is a stride.
    fileprivate func at(_ value: ValueID, steps: [Int], from start: Int, in shape: Shape) -> TracedElements {
        let strides = shape.strides
        let places = positions.map { position in
            var rest = position
            var place = start
            for (stride, step) in zip(strides, steps) where stride > 0 {
                let (index, remainder) = rest.quotientAndRemainder(dividingBy: stride)
                place += index * step
                rest = remainder
            }
            return place
        }
        return TracedElements(value: value, positions: places, members: members)
    }
}
