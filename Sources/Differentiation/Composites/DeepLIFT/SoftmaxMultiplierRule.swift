import Graphs

/// Softmax and its logarithm.
///
/// With `L = log Σ exp x` softmax is `y = exp(x - L)`, so `y_i - ȳ_i = R_i (x_i - x̄_i - L + L̄)` with the logarithmic mean
/// `R = (y - ȳ) / (log y - log ȳ)`. Both sides sum to 0, hence `L - L̄ = Σ R (x - x̄) / Σ R`: softmax's own Jacobian with R in y's
/// place, `m_j = R_j (g_j - Σ g R / Σ R)`; for the logarithm `m_j = g_j - R_j / Σ R · Σ g`. At x = x̄ both are the derivative.
struct SoftmaxMultiplierRule: BackwardRule {
    let reference: ReferenceActivations

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let axis = step.node.integer("axis") ?? -1
        let (x, y) = (try step.operand(0), try step.result())
        let isLogarithm = step.node.operation == "LogSoftmax"
        let now = forms(&step, y, of: x, axis: axis, isLogarithm: isLogarithm)
        let before = forms(&step, reference[y], of: reference[x], axis: axis, isLogarithm: isLogarithm)
        let mean = logarithmicMean(&step, now, before)
        let total = step.emit("Max", [step.sum(mean, over: [axis]), step.scalar(1e-37)])
        let value: ValueID
        if isLogarithm {
            let share = step.divide(mean, total)
            value = step.subtract(seed, step.multiply(share, step.sum(seed, over: [axis])))
        } else {
            let along = step.divide(step.sum(step.multiply(seed, mean), over: [axis]), total)
            value = step.multiply(mean, step.subtract(seed, along))
        }
        return step.first(Cotangent(value, try step.shape(ofOperand: 0)))
    }

    private func forms(
        _ step: inout BackwardStep, _ result: ValueID, of operand: ValueID, axis: Int, isLogarithm: Bool
    ) -> (probability: ValueID, logarithm: ValueID) {
        isLogarithm
            ? (step.emit("Exp", [result]), result)
            : (result, step.emit("LogSoftmax", [operand], ["axis": .integer(axis)]))
    }

    /// `(y + ȳ) tanh(r/2) / r` with `r = log y - log ȳ`, the same without cancellation; `(y + ȳ)/2` where r is tiny.
    private func logarithmicMean(
        _ step: inout BackwardStep, _ now: (probability: ValueID, logarithm: ValueID),
        _ before: (probability: ValueID, logarithm: ValueID)
    ) -> ValueID {
        let ratio = step.subtract(now.logarithm, before.logarithm)
        let isTiny = step.emit("LessOrEqual", [step.emit("Abs", [ratio]), step.scalar(1e-12)])
        // Where both are masked by minus infinity, r is no number and both probabilities are 0.
        let isHalf = step.emit("Or", [isTiny, step.emit("IsNaN", [ratio])])
        let divisor = step.emit("Where", [isHalf, step.scalar(1), ratio])
        let quotient = step.divide(step.emit("Tanh", [step.scale(divisor, by: 0.5)]), divisor)
        let factor = step.emit("Where", [isHalf, step.scalar(0.5), quotient])
        return step.multiply(step.add(now.probability, before.probability), factor)
    }
}
