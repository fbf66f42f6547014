import Graphs
import Tensors

/// `y = min(max(x, lower), upper)`: the cotangent passes strictly inside the bounds, as ReLU6 has it at both of its
/// kinks; beyond a bound that is no constant it goes to the bound.
struct ClipRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        let bounds = [step.node.input(1), step.node.input(2)].compactMap { $0 }
        guard bounds.allSatisfy({ step.graph[$0].constant != nil }) else {
            return try cotangentsWithBounds(&step, seed: seed)
        }
        var result = step.none
        guard step.wants(0) else { return result }
        let y = try step.result()
        let lower = try step.constantFloats(1)?.first.flatMap { $0.isFinite && $0 > -3.4e38 ? $0 : nil }
        let upper = try step.constantFloats(2)?.first.flatMap { $0.isFinite && $0 < 3.4e38 ? $0 : nil }
        var value = seed
        if let lower { value = step.multiply(value, step.isAbove(y, lower)) }
        if let upper { value = step.multiply(value, step.isBelow(y, upper)) }
        result[0] = Cotangent(value, try step.shape(ofOperand: 0))
        return result
    }

    /// The minimum with the upper bound first, then the maximum with the lower one, so that crossed bounds give all to
    /// the upper one.
    private func cotangentsWithBounds(
        _ step: inout BackwardStep, seed: ValueID
    ) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        let shape = try step.shape(ofOperand: 0)
        let x = try step.operand(0)
        var value = seed
        if let upper = step.node.input(2) {
            let raised = step.node.input(1).map { step.emit("Max", [x, $0]) } ?? x
            if step.wants(2) {
                let beyond = step.isPositive(step.subtract(raised, upper))
                result[2] = Cotangent(step.multiply(value, beyond), shape)
            }
            value = step.multiply(value, step.isPositive(step.subtract(upper, raised)))
        }
        if let lower = step.node.input(1) {
            if step.wants(1) {
                let beyond = step.isPositive(step.subtract(lower, x))
                result[1] = Cotangent(step.multiply(value, beyond), shape)
            }
            value = step.multiply(value, step.isPositive(step.subtract(x, lower)))
        }
        if step.wants(0) { result[0] = Cotangent(value, shape) }
        return result
    }
}
