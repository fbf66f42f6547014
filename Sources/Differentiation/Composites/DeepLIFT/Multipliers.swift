import Graphs
import Tensors

/// `x - x̄`, and where that is too small to divide by.
struct ReferenceDifference {
    /// `x - x̄`.
    let value: ValueID
    /// Where the derivative says more than a quotient of two rounded differences.
    let isTiny: ValueID

    /// Below 1e-4 of the operands a float32 quotient has fewer than three digits left, and the slope of a smooth function changes
    /// by about as much; a kink that lies in between costs at most that fraction of the operand.
    private static let threshold = 1e-4

    init(_ step: inout BackwardStep, _ x: ValueID, _ reference: ValueID) {
        value = step.subtract(x, reference)
        let size = step.add(step.emit("Abs", [x]), step.emit("Abs", [reference]))
        let bound = step.scale(size, by: Self.threshold / 2)
        isTiny = step.emit("LessOrEqual", [step.emit("Abs", [value]), bound])
    }

    /// `change / (x - x̄)`, or `slope` where the difference is too small.
    func multiplier(_ step: inout BackwardStep, of change: ValueID, else slope: ValueID) -> ValueID {
        let divisor = step.emit("Where", [isTiny, step.scalar(1), value])
        return step.emit("Where", [isTiny, slope, step.divide(change, divisor)])
    }
}

extension BackwardStep {
    /// `(x + x̄) / 2` with the type and shape of `value`.
    mutating func midpoint(_ value: ValueID, _ reference: ValueID) -> ValueID {
        guard value != reference else { return value }
        let middle = scale(add(value, reference), by: 0.5)
        graph[middle].type = graph[value].type
        graph[middle].shape = graph[value].shape
        return middle
    }
}

/// A function of each element: `g (y - ȳ) / (x - x̄)`, the derivative where the operands hardly differ.
struct RescaleRule: BackwardRule {
    let derivative: any BackwardRule
    let reference: ReferenceActivations

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let slope = try derivative.cotangents(&step)[0]?.value ?? step.scalar(0)
        let (x, y) = (try step.operand(0), try step.result())
        let difference = ReferenceDifference(&step, x, reference[x])
        let change = step.multiply(seed, step.subtract(y, reference[y]))
        let value = difference.multiplier(&step, of: change, else: slope)
        return step.first(Cotangent(value, try step.shape(ofResult: 0)))
    }
}

/// A function that is at most quadratic in the operands that vary: the derivative at their midpoint, which makes
/// `f(x) - f(x̄) = ⟨∇f((x + x̄)/2), x - x̄⟩` exact.
struct MidpointRule: BackwardRule {
    let derivative: any BackwardRule
    let reference: ReferenceActivations

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        let node = step.node
        let operands = node.inputs.map { $0.map { step.midpoint($0, reference[$0]) } }
        step.node = Node(
            node.operation, domain: node.domain, inputs: operands, outputs: node.outputs, attributes: node.attributes,
            captures: node.captures, origin: node.origin)
        let result = try derivative.cotangents(&step)
        step.node = node
        return result
    }
}

/// `y = a / b` as the product of a and 1/b: `m_a = g (1/b + 1/b̄)/2`, `m_b = -g (a + ā)/2 / (b b̄)`.
struct QuotientMultiplierRule: BackwardRule {
    let reference: ReferenceActivations

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0] else { return result }
        let shape = try step.shape(ofResult: 0)
        let (a, b) = (try step.operand(0), try step.operand(1))
        let product = step.multiply(b, reference[b])
        if step.wants(0) {
            let inverse = step.divide(step.midpoint(b, reference[b]), product)
            result[0] = Cotangent(step.multiply(seed, inverse), shape)
        }
        if step.wants(1) {
            let slope = step.divide(step.midpoint(a, reference[a]), product)
            result[1] = Cotangent(step.negate(step.multiply(seed, slope)), shape)
        }
        return result
    }
}
