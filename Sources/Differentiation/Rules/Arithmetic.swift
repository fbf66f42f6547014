import Graphs
import Tensors

/// `y = a + b`, with broadcasting.
struct AddRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        let both = Cotangent(seed, try step.shape(ofResult: 0))
        return [step.wants(0) ? both : nil, step.wants(1) ? both : nil]
    }
}

/// `y = a - b`, with broadcasting.
struct SubRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        let shape = try step.shape(ofResult: 0)
        return [
            step.wants(0) ? Cotangent(seed, shape) : nil,
            step.wants(1) ? Cotangent(step.negate(seed), shape) : nil,
        ]
    }
}

/// `y = a b`, with broadcasting: `∂a = g b`, `∂b = g a`.
struct MulRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        let shape = try step.shape(ofResult: 0)
        let (a, b) = (try step.operand(0), try step.operand(1))
        return [
            step.wants(0) ? Cotangent(step.multiply(seed, b), shape) : nil,
            step.wants(1) ? Cotangent(step.multiply(seed, a), shape) : nil,
        ]
    }
}

/// `y = a / b`, with broadcasting: `∂a = g / b`, `∂b = -g y / b`.
struct DivRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        let shape = try step.shape(ofResult: 0)
        let quotient = step.divide(seed, try step.operand(1))
        var result: [Cotangent?] = [step.wants(0) ? Cotangent(quotient, shape) : nil, nil]
        if step.wants(1) {
            result[1] = Cotangent(step.negate(step.multiply(quotient, try step.result())), shape)
        }
        return result
    }
}
