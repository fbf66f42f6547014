import Graphs
import Tensors

/// A function of each element: the cotangent is the seed times the derivative, which the closure appends.
struct ElementwiseRule: BackwardRule {
    /// Returns the cotangent of the operand for the seed.
    let cotangent: @Sendable (inout BackwardStep, ValueID) throws(DifferentiationError) -> ValueID

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let value = try cotangent(&step, seed)
        result[0] = Cotangent(value, try step.shape(ofOperand: 0))
        return result
    }
}

extension ElementwiseRule {
    /// `g [y > 0]`; the derivative at 0 is 0. The mask is read off the result, so that the engine can still fuse the
    /// activation into the convolution in front of it.
    static let relu = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.multiply(seed, step.isPositive(try step.result()))
    }

    /// `g [x > 0] + slope g [x ≤ 0]`; the derivative at 0 is the slope.
    static let leakyRelu = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let slope = Double(step.node.float("alpha") ?? 0.01)
        let mask = step.isPositive(try step.operand(0))
        return step.multiply(seed, step.add(step.scale(mask, by: 1 - slope), step.scalar(slope)))
    }

    /// `g y (1 - y)`.
    static let sigmoid = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let y = try step.result()
        return step.multiply(seed, step.multiply(y, step.subtract(step.scalar(1), y)))
    }

    /// `y = clip(α x + β, 0, 1)`: `α g` strictly inside, else 0.
    static let hardSigmoid = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let y = try step.result()
        let inside = step.multiply(step.isPositive(y), step.isBelow(y, 1))
        return step.multiply(seed, step.scale(inside, by: Double(step.node.float("alpha") ?? 0.2)))
    }

    /// `y = x clip(x/6 + 1/2, 0, 1)`: 0 up to -3, `x/3 + 1/2` between, 1 from 3 on.
    static let hardSwish = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let x = try step.operand(0)
        let below = step.isBelow(x, 3)
        let slope = step.add(step.scale(x, by: 1.0 / 3), step.scalar(0.5))
        let inside = step.multiply(step.multiply(step.isAbove(x, -3), below), slope)
        return step.multiply(seed, step.add(inside, step.subtract(step.scalar(1), below)))
    }
}

/// `y = min(max(x, lower), upper)`: the cotangent passes strictly inside the bounds, as ReLU6 has it at both of its
/// kinks.
struct ClipRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let y = try step.result()
        let lower = try step.constantFloats(1)?.first.flatMap { $0.isFinite && $0 > -3.4e38 ? $0 : nil }
        let upper = try step.constantFloats(2)?.first.flatMap { $0.isFinite && $0 < 3.4e38 ? $0 : nil }
        var value = seed
        if let lower { value = step.multiply(value, step.isAbove(y, lower)) }
        if let upper { value = step.multiply(value, step.isBelow(y, upper)) }
        result[0] = Cotangent(value, try step.shape(ofOperand: 0))
        return result
    }
}
