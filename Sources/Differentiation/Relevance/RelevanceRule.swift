package import Graphs
import Tensors

/// How a linear layer divides the relevance of its results among the elements of its operand.
package protocol RelevanceRule: Sendable {
    /// Appends the nodes that compute the operand's relevance.
    func relevance(_ layer: LinearRelevance, _ step: inout BackwardStep) throws(DifferentiationError) -> ValueID
}

/// What a rule sees of a linear layer `z = Op(x, W) + b`.
package struct LinearRelevance {
    let layer: LinearLayer
    /// `x`.
    let input: ValueID
    let weight: ValueID
    /// `b`, broadcast to the result; nil where there is none.
    let bias: ValueID?
    /// `z` as the model computes it.
    let result: ValueID
    /// The relevance of `z`.
    let relevance: ValueID
    /// What keeps divisions by small numbers small; 0 divides in proportion.
    let epsilon: Double

    /// `Op(x, W)` with other factors.
    func product(_ step: inout BackwardStep, _ x: ValueID, _ weight: ValueID) -> ValueID {
        layer.product(&step, x, weight)
    }

    /// `x ⊙ Wᵀ c`: what the factors contribute, weighted by `c`.
    func share(
        _ step: inout BackwardStep, _ x: ValueID, _ weight: ValueID, of weighting: ValueID
    ) throws(DifferentiationError) -> ValueID {
        step.multiply(x, try layer.transposedProduct(&step, weighting, weight))
    }

    /// `max(W, 0)`.
    func positive(_ step: inout BackwardStep) -> ValueID { step.emit("Relu", [weight], like: weight) }

    /// `min(W, 0)`.
    func negative(_ step: inout BackwardStep) -> ValueID {
        step.emit("Min", [weight, step.scalar(0)], like: weight)
    }

    /// `value + b`.
    func adding(_ step: inout BackwardStep, _ bias: ValueID?, to value: ValueID) -> ValueID {
        bias.map { step.add(value, $0) } ?? value
    }
}

extension BackwardStep {
    /// Appends a node whose result has the type and shape of another value.
    mutating func emit(_ operation: String, _ inputs: [ValueID?], like other: ValueID) -> ValueID {
        let value = emit(operation, inputs)
        graph[value].type = graph[other].type
        graph[value].shape = graph[other].shape
        return value
    }

    /// `max(value, 0)`.
    mutating func positivePart(_ value: ValueID) -> ValueID { emit("Relu", [value]) }

    /// `min(value, 0)`.
    mutating func negativePart(_ value: ValueID) -> ValueID { emit("Min", [value, scalar(0)]) }

    /// `r / (z + ε sign z)` with sign 0 = 1; without ε the quotient itself.
    mutating func dividedStably(_ relevance: ValueID, by z: ValueID, _ epsilon: Double) -> ValueID {
        guard epsilon > 0 else { return divided(relevance, by: z) }
        let sign = add(scale(isBelow(z, 0), by: -2 * epsilon), scalar(epsilon))
        return divide(relevance, add(z, sign))
    }

    /// `r / z`, and 0 where z is 0: a result to which nothing contributed, or whose terms cancel exactly, hands nothing on.
    ///
    /// No stabiliser, so relevance is conserved to rounding however small z is; below 1e-30 the quotient fades to 0, where it
    /// could leave float32.
    private mutating func divided(_ relevance: ValueID, by z: ValueID) -> ValueID {
        let size = emit("Abs", [z])
        guard elementType == .float32 else {
            let isSome = emit("Greater", [size, scalar(1e-30)])
            return emit("Where", [isSome, divide(relevance, emit("Where", [isSome, z, scalar(1)])), scalar(0)])
        }
        // 0 at 0, 1 from 2^-100 on.
        let slope = Float(sign: .plus, exponent: 100, significand: 1)
        let isSome = emit("HardSigmoid", [size], ["alpha": .float(slope), "beta": .float(0)])
        let isNone = emit("HardSigmoid", [size], ["alpha": .float(-slope), "beta": .float(1)])
        return divide(multiply(relevance, isSome), add(z, isNone))
    }
}

/// Applies a relevance rule to the linear layer that a node begins.
struct LinearLayerRule: BackwardRule {
    let layer: LinearLayer
    let rule: any RelevanceRule
    let epsilon: Double

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let relevance = step.resultCotangents[0], step.wants(layer.data) else { return result }
        let input = try step.operand(layer.data)
        let parameters = try layer.parameters(&step)
        let described = LinearRelevance(
            layer: layer, input: input, weight: parameters.weight, bias: parameters.bias, result: layer.result,
            relevance: relevance, epsilon: epsilon)
        result[layer.data] = Cotangent(try rule.relevance(described, &step), try step.shape(of: input))
        return result
    }
}
