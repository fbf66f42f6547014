import Graphs
import Tensors

/// `z = x^y`, with broadcasting: `∂x = g y x^(y-1)`, 0 where y = 0; `∂y = g z log x`, 0 where x = 0 and y ≥ 0.
struct PowRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0] else { return result }
        let shape = try step.shape(ofResult: 0)
        if step.wants(0), let value = try baseCotangent(&step, seed) { result[0] = Cotangent(value, shape) }
        if step.wants(1) { result[1] = Cotangent(try exponentCotangent(&step, seed), shape) }
        return result
    }

    /// Powers cost several times a product, so the usual exponents do without.
    private func baseCotangent(
        _ step: inout BackwardStep, _ seed: ValueID
    ) throws(DifferentiationError) -> ValueID? {
        let (x, y) = (try step.operand(0), try step.result())
        let constant = step.graph[try step.operand(1)].constant
        guard let constant, constant.shape.count == 1, let exponent = constant.floats.first else {
            return try generalBaseCotangent(&step, seed)
        }
        switch exponent {
        case 0: return nil
        case 1: return seed
        case 2: return step.multiply(seed, step.scale(x, by: 2))
        case 3: return step.multiply(seed, step.multiply(x, step.scale(x, by: 3)))
        case 0.5: return step.divide(step.scale(seed, by: 0.5), y)
        case -1: return step.negate(step.multiply(seed, step.multiply(y, y)))
        default:
            let power = step.emit("Pow", [x, step.scalar(Double(exponent) - 1)])
            return step.multiply(seed, step.scale(power, by: Double(exponent)))
        }
    }

    /// An exponent of 0 is lowered to 0, not to -1, so that a base of 0 gives 0 · 1.
    private func generalBaseCotangent(
        _ step: inout BackwardStep, _ seed: ValueID
    ) throws(DifferentiationError) -> ValueID {
        let exponent = try floatingExponent(&step)
        let isZero = step.isEqual(exponent, step.scalar(0))
        let lowered = step.add(step.subtract(exponent, step.scalar(1)), isZero)
        let power = step.emit("Pow", [try step.operand(0), lowered])
        return step.multiply(seed, step.multiply(exponent, power))
    }

    private func exponentCotangent(
        _ step: inout BackwardStep, _ seed: ValueID
    ) throws(DifferentiationError) -> ValueID {
        let x = try step.operand(0)
        let isZero = step.emit("Equal", [x, step.scalar(0)])
        let isFinite = step.emit("GreaterOrEqual", [try floatingExponent(&step), step.scalar(0)])
        let base = step.emit("Where", [step.emit("And", [isZero, isFinite]), step.scalar(1), x])
        return step.multiply(seed, step.multiply(try step.result(), step.emit("Log", [base])))
    }

    /// The exponent may be of another type than the base.
    private func floatingExponent(_ step: inout BackwardStep) throws(DifferentiationError) -> ValueID {
        let exponent = try step.operand(1)
        let type = step.elementType
        return step.graph[exponent].type == type ? exponent : step.cast(exponent, to: type)
    }
}
