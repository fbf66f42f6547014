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

    /// `g [x > α]`.
    static let thresholdedRelu = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.multiply(seed, step.isAbove(try step.operand(0), step.node.float("alpha") ?? 1))
    }

    /// `y = x ± bias` beyond `∓λ`, 0 between: `g [|x| > λ]`.
    static let shrink = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let bound = step.node.float("lambd") ?? 0.5
        let x = try step.operand(0)
        return step.multiply(seed, step.add(step.isAbove(x, bound), step.isBelow(x, -bound)))
    }
}

/// `y = x` above 0, else `slope x`, the slope broadcast to x: `∂x = g` or `g slope`, `∂slope = 0` or `g x`.
struct PReluRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let (x, slope) = (try step.operand(0), try step.operand(1))
        let left = step.multiply(seed, step.isAtMostZero(x))
        var result = step.none
        if step.wants(0) {
            let right = step.subtract(seed, left)
            result[0] = Cotangent(step.add(right, step.multiply(left, slope)), shape)
        }
        if step.wants(1) { result[1] = Cotangent(step.multiply(left, x), shape) }
        return result
    }
}
