import Graphs
import Tensors

/// Max pooling: each window's cotangent goes to its maximum, the first in row-major order among equals.
///
/// The forward node gets its second result, the indices into the flat input, and a scatter-add brings the seed there.
struct MaxPoolRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let indices = try step.rowMajorIndices(ofMaxPool: step.position)
        let zeros = step.expand(step.scalar(0), to: [shape.count])
        let scattered = step.scatterAdd(
            step.reshape(seed, to: [-1]), at: step.reshape(indices, to: [-1]), onto: zeros)
        return [Cotangent(step.reshape(scattered, to: shape), shape)]
    }
}

extension BackwardStep {
    /// The second result of a max pooling, or that of its twin where the node counts column by column.
    mutating func rowMajorIndices(ofMaxPool position: Int) throws(DifferentiationError) -> ValueID {
        let node = graph.nodes[position]
        guard node.integer("storage_order") ?? 0 != 0 else { return graph.requireOutput(1, ofNode: position) }
        var attributes = node.attributes
        attributes["storage_order"] = nil
        return graph.append("MaxPool", node.inputs, attributes: attributes, outputCount: 2, name: "d.MaxPool")[1]
    }

    /// `base` with values added at flat indices; all three have one axis.
    mutating func scatterAdd(_ values: ValueID, at indices: ValueID, onto base: ValueID) -> ValueID {
        emit("ScatterElements", [base, indices, values], ["axis": .integer(0), "reduction": .string("add")])
    }
}

/// Average pooling: each window's cotangent, divided by the number of positions that it averages, spread over them.
struct AveragePoolRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        guard let kernel = step.node.integers("kernel_shape") else {
            throw .unsupported(node: step.label, reason: "it has no kernel_shape")
        }
        let input = try step.shape(ofOperand: 0)
        let output = try step.shape(ofResult: 0)
        let window = SlidingWindow(step.node, input: input, output: output, kernel: kernel)
        let shares = dividedByCounts(&step, seed, window)
        return [Cotangent(step.spread(shares, over: window, to: input), input)]
    }

    /// The seed divided by what the forward pooling divides by; the number is a product over the axes.
    private func dividedByCounts(_ step: inout BackwardStep, _ seed: ValueID, _ window: SlidingWindow) -> ValueID {
        let includingPadding = step.node.integer("count_include_pad") ?? 0 != 0
        let rank = window.kernel.count
        return window.kernel.indices.reduce(seed) { value, axis in
            let reciprocals = (0..<window.output[axis]).map { position in
                1 / Double(max(window.coverage(axis: axis, at: position, includingPadding: includingPadding), 1))
            }
            if let all = Set(reciprocals).first, Set(reciprocals).count == 1 { return step.scale(value, by: all) }
            var lengths = [Int](repeating: 1, count: rank + 2)
            lengths[axis + 2] = window.output[axis]
            return step.multiply(value, step.constant(reciprocals, shape: Shape(lengths)))
        }
    }
}

extension BackwardStep {
    /// The sum, at every position of the input, of the values of the windows that cover it.
    mutating func spread(_ value: ValueID, over window: SlidingWindow, to input: Shape) -> ValueID {
        let flat = reshape(value, to: Shape([input[0] * input[1], 1] + window.output))
        let ones = expand(scalar(1), to: Shape([1, 1] + window.kernel))
        return reshape(emit("ConvTranspose", [flat, ones], window.transposedAttributes), to: input)
    }
}

/// The mean over all spatial positions: every position gets `g / n`.
struct GlobalAveragePoolRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let positions = shape.dimensions.dropFirst(2).reduce(1, *)
        let share = step.scale(seed, by: 1 / Double(max(positions, 1)))
        return [Cotangent(step.expand(share, to: shape), shape)]
    }
}

/// The maximum over all spatial positions: the first maximum in row-major order gets the cotangent.
struct GlobalMaxPoolRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let positions = shape.dimensions.dropFirst(2).reduce(1, *)
        let flat: Shape = [shape[0], shape[1], positions]
        let first = step.emit(
            "ArgMax", [step.reshape(try step.operand(0), to: flat)],
            ["axis": .integer(2), "keepdims": .integer(1), "select_last_index": .integer(0)])
        let places = step.graph.addConstant(
            AnyTensor(Tensor(vector: (0..<positions).map { Int64($0) })), name: "positions")
        let hit = step.emit("Equal", [places, first])
        let mask = step.emit("Cast", [hit], ["to": .integer(Int(step.elementType.rawValue))])
        let spread = step.multiply(step.reshape(seed, to: [shape[0], shape[1], 1]), mask)
        return [Cotangent(step.reshape(spread, to: shape), shape)]
    }
}
