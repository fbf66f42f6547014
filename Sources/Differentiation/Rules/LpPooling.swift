import Graphs
import Tensors

/// The p-norm of each window, `y = (Σ |x|^p)^(1/p)`: `∂x = sign(x) |x|^(p-1) Σ_windows g y^(1-p)`; 0 where y = 0.
struct LpPoolRule: BackwardRule {
    /// Whether all spatial positions form one window.
    let isGlobal: Bool

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let power = step.node.integer("p") ?? 2
        guard power >= 1 else { throw .unsupported(node: step.label, reason: "its p is \(power)") }
        let shares = try dividedByPowerOfNorm(&step, seed, power - 1)
        var spread = shares
        if !isGlobal {
            guard let kernel = step.node.integers("kernel_shape") else {
                throw .unsupported(node: step.label, reason: "it has no kernel_shape")
            }
            let window = SlidingWindow(step.node, input: shape, output: try step.shape(ofResult: 0), kernel: kernel)
            spread = step.spread(shares, over: window, to: shape)
        }
        let slope = signedPower(&step, try step.operand(0), power - 1)
        return [Cotangent(step.multiply(slope, spread), shape)]
    }

    private func dividedByPowerOfNorm(
        _ step: inout BackwardStep, _ seed: ValueID, _ exponent: Int
    ) throws(DifferentiationError) -> ValueID {
        guard exponent > 0 else { return seed }
        let norm = try step.result()
        let isZero = step.subtract(step.scalar(1), step.isPositive(norm))
        let safe = step.add(norm, isZero)
        let power = exponent == 1 ? safe : step.emit("Pow", [safe, step.scalar(Double(exponent))])
        return step.divide(seed, power)
    }

    /// `sign(x) |x|^exponent`.
    private func signedPower(_ step: inout BackwardStep, _ x: ValueID, _ exponent: Int) -> ValueID {
        switch exponent {
        case 0: return step.emit("Sign", [x])
        case 1: return x
        case 2: return step.multiply(x, step.emit("Abs", [x]))
        case let even where even % 2 == 0:
            let power = step.emit("Pow", [step.emit("Abs", [x]), step.scalar(Double(even - 1))])
            return step.multiply(x, power)
        case let odd: return step.emit("Pow", [x, step.scalar(Double(odd))])
        }
    }
}
