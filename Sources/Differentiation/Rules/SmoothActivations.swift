import Foundation
import Graphs
import Tensors

extension ElementwiseRule {
    /// `g y (1 - y)`.
    static let sigmoid = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let y = try step.result()
        return step.multiply(seed, step.multiply(y, step.subtract(step.scalar(1), y)))
    }

    /// `g (1 - y²)`.
    static let tanh = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let y = try step.result()
        return step.multiply(seed, step.subtract(step.scalar(1), step.multiply(y, y)))
    }

    /// `2/√π g exp(-x²)`.
    static let erf = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.multiply(seed, step.gaussian(try step.operand(0), peak: 2 / Double.pi.squareRoot()))
    }

    /// `y = x Φ(x)`: `g (Φ(x) + x φ(x))`; with `approximate` = tanh the derivative of that formula.
    static let gelu = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let x = try step.operand(0)
        switch step.node.string("approximate") ?? "none" {
        case "none": return step.multiply(seed, step.geluSlope(x))
        case "tanh": return step.multiply(seed, step.tanhGeluSlope(x))
        case let other:
            throw .unsupported(node: step.label, reason: "the approximation '\(other)' has no rule")
        }
    }

    /// `y = x` above 0, else `α (exp(x) - 1)`: `g`, or `g (y + α)`; the derivative at 0 is α.
    static let elu = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let alpha = Double(step.node.float("alpha") ?? 1)
        return step.multiply(seed, try step.exponentialUnitSlope(above: 1, factor: 1, offset: alpha))
    }

    /// `y = γ x` above 0, else `γ α (exp(x) - 1)`: `γ g`, or `g (y + γ α)`.
    static let selu = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let alpha = Double(step.node.float("alpha") ?? 1.673_263_192_177_2)
        let gamma = Double(step.node.float("gamma") ?? 1.050_701_022_148_1)
        return step.multiply(seed, try step.exponentialUnitSlope(above: gamma, factor: 1, offset: gamma * alpha))
    }

    /// `y = x` above 0, else `α (exp(x/α) - 1)`: `g`, or `g (y/α + 1)`.
    static let celu = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let alpha = Double(step.node.float("alpha") ?? 1)
        return step.multiply(seed, try step.exponentialUnitSlope(above: 1, factor: 1 / alpha, offset: 1))
    }

    /// `y = log(1 + exp(x))`: `g σ(x)`.
    static let softplus = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        step.multiply(seed, step.emit("Sigmoid", [try step.operand(0)]))
    }

    /// `y = x / (1 + |x|)`: `g / (1 + |x|)²`.
    static let softsign = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let base = step.add(step.emit("Abs", [try step.operand(0)]), step.scalar(1))
        return step.divide(seed, step.multiply(base, base))
    }

    /// `y = x t`, `t = tanh(softplus(x))`: `g (t + x (1 - t²) σ(x))`.
    static let mish = ElementwiseRule { (step, seed) throws(DifferentiationError) in
        let x = try step.operand(0)
        let gate = step.emit("Tanh", [step.emit("Softplus", [x])])
        let rest = step.subtract(step.scalar(1), step.multiply(gate, gate))
        let bend = step.multiply(step.multiply(x, step.emit("Sigmoid", [x])), rest)
        return step.multiply(seed, step.add(gate, bend))
    }
}

extension BackwardStep {
    /// `peak · exp(-x²)`.
    fileprivate mutating func gaussian(_ x: ValueID, peak: Double) -> ValueID {
        emit("Exp", [subtract(scalar(log(peak)), multiply(x, x))])
    }

    /// `Φ(x) + x φ(x)`.
    fileprivate mutating func geluSlope(_ x: ValueID) -> ValueID {
        let root = scale(x, by: 0.5.squareRoot())
        let probability = add(scale(emit("Erf", [root]), by: 0.5), scalar(0.5))
        let density = gaussian(root, peak: (0.5 / Double.pi).squareRoot())
        return add(probability, multiply(x, density))
    }

    /// `y = x/2 (1 + t)`, `t = tanh(√(2/π) (x + c x³))`, `c = 0.044715`:
    /// `(1 + t)/2 + x/2 (1 - t²) √(2/π) (1 + 3 c x²)`.
    fileprivate mutating func tanhGeluSlope(_ x: ValueID) -> ValueID {
        let root = (2 / Double.pi).squareRoot()
        let square = multiply(x, x)
        let argument = multiply(x, add(scale(square, by: root * 0.044715), scalar(root)))
        let gate = scale(add(emit("Tanh", [argument]), scalar(1)), by: 0.5)
        // With s = (1 + t)/2 the factor (1 - t²)/2 is 2 s (1 - s).
        let bend = multiply(gate, subtract(scalar(1), gate))
        let slope = multiply(x, add(scale(square, by: 6 * root * 0.044715), scalar(2 * root)))
        return add(gate, multiply(slope, bend))
    }

    /// `above` where x > 0, else `factor y + offset`.
    fileprivate mutating func exponentialUnitSlope(
        above: Double, factor: Double, offset: Double
    ) throws(DifferentiationError) -> ValueID {
        let left = isAtMostZero(try operand(0))
        // What lies left of 0 is cut out first: beside a large y the offset would lose its digits.
        let bent = scale(multiply(left, try result()), by: factor)
        let flat = offset == above ? bent : add(bent, scale(left, by: offset - above))
        return add(flat, scalar(above))
    }
}
