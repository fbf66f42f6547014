import Graphs
import Tensors

/// `q = saturate(round(x / s) + z)` with the rounding taken as the identity: `∂x = g / s` and `∂s = -g x / s²` where q
/// does not saturate, else 0 (Bengio et al., 2013; Jacob et al., 2018).
struct QuantizeLinearRule: BackwardRule {
    var character: RuleCharacter { .straightThrough }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0] else { return result }
        let shape = try step.shape(ofOperand: 0)
        let layout = try QuantisationLayout(step, shape: shape)
        let scale = layout.aligned(&step, try step.operand(1))
        let ratio = step.divide(try step.operand(0), scale)
        var level = step.emit("Round", [ratio])
        if let zero = step.node.input(2) {
            level = step.add(level, step.cast(layout.aligned(&step, zero), to: step.elementType))
        }
        let (lowest, highest) = try range(step)
        let above = step.isAbove(level, lowest - 0.5)
        let inside = step.multiply(above, step.isBelow(level, highest + 0.5))
        let passed = step.divide(step.multiply(seed, inside), scale)
        if step.wants(0) { result[0] = Cotangent(passed, shape) }
        if step.wants(1) {
            let value = layout.collected(&step, step.negate(step.multiply(passed, ratio)))
            result[1] = Cotangent(value, layout.parameters)
        }
        return result
    }

    private func range(_ step: BackwardStep) throws(DifferentiationError) -> (Float, Float) {
        let type = step.graph[try step.result()].type
        guard let range = Graph.quantisedRange(of: type) else {
            throw .unsupported(
                node: step.label, reason: "quantising to \(type.map(\.description) ?? "an unknown type") has no rule")
        }
        return (range.lowerBound, range.upperBound)
    }
}

/// `x = (q - z) s`: `∂q = g s`, `∂s = g (q - z)`; it counts as straight-through because QuantizeLinear in front does.
struct DequantizeLinearRule: BackwardRule {
    var character: RuleCharacter { .straightThrough }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0] else { return result }
        let shape = try step.shape(ofOperand: 0)
        let layout = try QuantisationLayout(step, shape: shape)
        if step.wants(0) {
            result[0] = Cotangent(step.multiply(seed, layout.aligned(&step, try step.operand(1))), shape)
        }
        if step.wants(1) {
            let type = step.elementType
            var level = step.cast(try step.operand(0), to: type)
            if let zero = step.node.input(2) {
                level = step.subtract(level, step.cast(layout.aligned(&step, zero), to: type))
            }
            result[1] = Cotangent(layout.collected(&step, step.multiply(seed, level)), layout.parameters)
        }
        return result
    }
}

/// Which scale and zero point belong to which element: one for all, one a position of an axis, or one a block of an axis.
private struct QuantisationLayout {
    /// The shape of the quantised tensor.
    let shape: Shape
    /// The shape of the scale and the zero point.
    let parameters: Shape
    let axis: Int
    /// The length of a block; 0 without blocks.
    let block: Int

    init(_ step: BackwardStep, shape: Shape) throws(DifferentiationError) {
        self.shape = shape
        parameters = try step.shape(ofOperand: 1)
        block = max(step.node.integer("block_size") ?? 0, 0)
        let isPerTensor = parameters.count == 1 && block == 0
        axis = isPerTensor ? 0 : try step.axis(step.node.integer("axis") ?? 1, rank: shape.rank)
        let fits =
            block == 0
            ? isPerTensor || parameters.dimensions == [shape[axis]]
            : parameters.rank == shape.rank && parameters[axis].multipliedReportingOverflow(by: block).overflow == false
                && parameters[axis] * block >= shape[axis]
        guard fits else {
            throw .unsupported(node: step.label, reason: "its scale \(parameters) does not fit its operand \(shape)")
        }
    }

    /// The shape under which one parameter an axis position is broadcast.
    private var broadcast: Shape {
        guard parameters.count > 1 else { return Shape([Int](repeating: 1, count: shape.rank)) }
        return Shape(shape.dimensions.indices.map { $0 == axis ? shape[axis] : 1 })
    }

    /// The blocks side by side: the axis becomes two, of the number of blocks and of their length.
    private var blocks: Shape {
        Shape(Array(shape.dimensions[..<axis]) + [parameters[axis], block] + Array(shape.dimensions[(axis + 1)...]))
    }

    /// The parameter under a shape that is broadcast to the tensor's.
    func aligned(_ step: inout BackwardStep, _ parameter: ValueID) -> ValueID {
        guard block > 0 else { return step.reshape(parameter, to: broadcast) }
        var single = blocks
        single.dimensions[axis + 1] = 1
        var padded = shape
        padded.dimensions[axis] = parameters[axis] * block
        let repeated = step.expand(step.reshape(parameter, to: single), to: blocks)
        return step.slice(step.reshape(repeated, to: padded), from: 0, to: shape[axis], axis: axis)
    }

    /// The sum over all elements that share a parameter.
    func collected(_ step: inout BackwardStep, _ value: ValueID) -> ValueID {
        guard block > 0 else {
            let summed = step.unbroadcast(Cotangent(value, shape), to: broadcast)
            return step.reshape(summed, to: parameters)
        }
        var ends = [Int](repeating: 0, count: shape.rank)
        ends[axis] = parameters[axis] * block - shape[axis]
        let begins = [Int](repeating: 0, count: shape.rank)
        let padded = step.emit("Pad", [value, step.integers(begins + ends)])
        return step.reshape(step.sum(step.reshape(padded, to: blocks), over: [axis + 1]), to: parameters)
    }
}
