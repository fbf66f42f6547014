import Graphs
import Tensors

/// `y = x where condition, else other`: the seed where an operand was taken, else 0.
struct WhereRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0] else { return result }
        let shape = try step.shape(ofResult: 0)
        let condition = try step.operand(0)
        if step.wants(1) {
            result[1] = Cotangent(step.emit("Where", [condition, seed, step.scalar(0)]), shape)
        }
        if step.wants(2) {
            result[2] = Cotangent(step.emit("Where", [condition, step.scalar(0), seed]), shape)
        }
        return result
    }
}

/// The sum or mean of any number of operands, with broadcasting: `g`, or `g / n`.
struct SumRule: BackwardRule {
    /// Whether the forward operator divides by the number of operands.
    let isMean: Bool

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        let count = step.node.inputs.count
        let share = isMean ? step.scale(seed, by: 1 / Double(count)) : seed
        let shape = try step.shape(ofResult: 0)
        return (0..<count).map { step.wants($0) ? Cotangent(share, shape) : nil }
    }
}

/// The maximum or minimum of any number of operands, with broadcasting: the operands that reach it share the seed
/// equally.
struct ExtremumRule: BackwardRule {
    let isMaximum: Bool

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0] else { return result }
        let shape = try step.shape(ofResult: 0)
        let operands = step.node.operands
        if operands.count == 1 { return [Cotangent(seed, shape)] }
        if operands.count == 2, isBoundedByConstant(step) {
            return try cotangentsOfPair(&step, seed, operands, shape)
        }
        let y = try step.result()
        let hits = operands.map { step.isEqual($0, y) }
        let share = step.divide(seed, step.emit("Sum", hits))
        for index in operands.indices where step.wants(index) {
            result[index] = Cotangent(step.multiply(share, hits[index]), shape)
        }
        return result
    }

    /// Two operands whose difference is a number, also where one of them is infinite.
    private func isBoundedByConstant(_ step: BackwardStep) -> Bool {
        step.elementType == .float32
            && step.node.operands.contains { step.graph[$0].constant?.floats.allSatisfy(\.isFinite) ?? false }
    }

    /// A mask of the difference, which is 1/2 where that is 0.
    private func cotangentsOfPair(
        _ step: inout BackwardStep, _ seed: ValueID, _ operands: [ValueID], _ shape: Shape
    ) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        for index in operands.indices where step.wants(index) {
            let (own, other) = (operands[index], operands[1 - index])
            let lead = isMaximum ? step.subtract(own, other) : step.subtract(other, own)
            result[index] = Cotangent(step.multiply(seed, step.isPositiveOrHalf(lead)), shape)
        }
        return result
    }
}

/// `y = a - b trunc(a / b)`: `∂a = g`, `∂b = -g trunc(a / b)`.
struct ModRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0] else { return result }
        let shape = try step.shape(ofResult: 0)
        if step.wants(0) { result[0] = Cotangent(seed, shape) }
        if step.wants(1) {
            let whole = step.subtract(try step.operand(0), try step.result())
            let quotient = step.divide(whole, try step.operand(1))
            result[1] = Cotangent(step.negate(step.multiply(seed, quotient)), shape)
        }
        return result
    }
}
