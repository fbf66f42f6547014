import Graphs
import Tensors

/// `y = softmax(x)` along an axis: `∂x = y (g - Σ g y)`.
struct SoftmaxRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let y = try step.result()
        let mean = step.sum(step.multiply(seed, y), over: [step.node.integer("axis") ?? -1])
        return [Cotangent(step.multiply(y, step.subtract(seed, mean)), shape)]
    }
}

/// `y = log softmax(x)` along an axis: `∂x = g - exp(y) Σ g`.
struct LogSoftmaxRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let total = step.sum(seed, over: [step.node.integer("axis") ?? -1])
        let probability = step.emit("Exp", [try step.result()])
        return [Cotangent(step.subtract(seed, step.multiply(probability, total)), shape)]
    }
}
