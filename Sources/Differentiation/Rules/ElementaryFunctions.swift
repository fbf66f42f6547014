import Graphs
import Tensors

extension ElementwiseRule {
    /// `g sign(x)`; the derivative at 0 is 0.
    static let abs = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.multiply(seed, step.sign(try step.operand(0)))
    }

    /// `-g`.
    static let neg = ElementwiseRule { (step, seed) throws(DifferentiationError) in step.negate(seed) }

    /// `-g y²`.
    static let reciprocal = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let y = try step.result()
        return step.negate(step.multiply(seed, step.multiply(y, y)))
    }

    /// `g / (2 y)`.
    static let sqrt = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.divide(step.scale(seed, by: 0.5), try step.result())
    }

    /// `g y`.
    static let exp = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.multiply(seed, try step.result())
    }

    /// `g / x`.
    static let log = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.divide(seed, try step.operand(0))
    }

    /// `g cos x`.
    static let sin = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.multiply(seed, step.emit("Cos", [try step.operand(0)]))
    }

    /// `-g sin x`.
    static let cos = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.negate(step.multiply(seed, step.emit("Sin", [try step.operand(0)])))
    }

    /// `g (1 + y²)`.
    static let tan = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let y = try step.result()
        return step.multiply(seed, step.add(step.multiply(y, y), step.scalar(1)))
    }

    /// `g cosh x`.
    static let sinh = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.multiply(seed, step.emit("Cosh", [try step.operand(0)]))
    }

    /// `g sinh x`.
    static let cosh = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.multiply(seed, step.emit("Sinh", [try step.operand(0)]))
    }

    /// `g / √(1 - x²)`.
    static let asin = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.divide(seed, step.emit("Sqrt", [try step.quadratic(square: -1, constant: 1)]))
    }

    /// `-g / √(1 - x²)`.
    static let acos = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.negate(step.divide(seed, step.emit("Sqrt", [try step.quadratic(square: -1, constant: 1)])))
    }

    /// `g / (1 + x²)`.
    static let atan = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.divide(seed, try step.quadratic(square: 1, constant: 1))
    }

    /// `g / √(x² + 1)`.
    static let asinh = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.divide(seed, step.emit("Sqrt", [try step.quadratic(square: 1, constant: 1)]))
    }

    /// `g / √(x² - 1)`.
    static let acosh = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.divide(seed, step.emit("Sqrt", [try step.quadratic(square: 1, constant: -1)]))
    }

    /// `g / (1 - x²)`.
    static let atanh = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.divide(seed, try step.quadratic(square: -1, constant: 1))
    }
}

extension BackwardStep {
    /// `square · x² + constant`, a sign in front of the square.
    fileprivate mutating func quadratic(
        square sign: Double, constant: Double
    ) throws(DifferentiationError) -> ValueID {
        let x = try operand(0)
        let square = multiply(x, x)
        return sign < 0 ? subtract(scalar(constant), square) : add(square, scalar(constant))
    }
}
