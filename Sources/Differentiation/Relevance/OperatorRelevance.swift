import Graphs
import Tensors

/// In proportion to the first-order contributions, `R_x = x ⊙ Jᵀ(R_y / y)`, whatever the operator.
///
/// Layers without weights have no ε: sums, average pooling, interpolation. Weights that stand in no linear layer (batch
/// normalisation, a bias by itself) have one as those have: `R_y / (y + ε sign y)`.
struct ProportionalRule: BackwardRule {
    var epsilon = 0.0
    /// How much of it each operand gets: bilinear operators would give everything twice.
    var share = 1.0
    /// Whether only the positive part of the first operand counts, for operators that are linear in it.
    var isPositive = false

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        let first = isPositive ? step.positivePart(try step.operand(0)) : try step.operand(0)
        for (index, relevance) in step.resultCotangents.enumerated() {
            guard let relevance else { continue }
            var z = try step.result(index)
            if isPositive {
                z = step.emit(step.node.operation, [first] + step.node.inputs.dropFirst(), step.node.attributes)
            }
            step.resultCotangents[index] = step.dividedStably(step.scale(relevance, by: share), by: z, epsilon)
        }
        return try step.derivative().enumerated().map { index, found throws(DifferentiationError) in
            guard let found else { return nil }
            return Cotangent(step.multiply(index == 0 ? first : try step.operand(index), found.value), found.shape)
        }
    }
}

/// By the operator's own transposed derivative: what it moves or selects is moved back, `R_x = Jᵀ R_y`.
struct MovementRelevanceRule: BackwardRule {
    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] { try step.derivative() }
}

/// All to some operands as it is: activations, constant factors, the signal of a gate.
struct PassRule: BackwardRule {
    /// What every operand that wants relevance gets of it; operands beyond get nothing.
    let shares: [Double]

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let relevance = step.resultCotangents[0] else { return result }
        let shape = try step.shape(ofResult: 0)
        for (index, share) in shares.enumerated() where share != 0 && step.wants(index) {
            result[index] = Cotangent(step.scale(relevance, by: share), shape)
        }
        return result
    }
}

/// A bilinear operator of which only one operand gets relevance: the other one counts as a weight.
struct SignalRule: BackwardRule {
    let operand: Int

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        step.wanted = step.wanted.indices.map { $0 == operand && step.wanted[$0] }
        return try ProportionalRule().cotangents(&step)
    }
}

/// Sums whose terms count with their positive part only, `R_a = a⁺ R / Σ a⁺` (excitation backpropagation).
struct PositiveSumRule: BackwardRule {
    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let relevance = step.resultCotangents[0] else { return step.none }
        let shape = try step.shape(ofResult: 0)
        var parts: [ValueID] = []
        for index in step.node.inputs.indices { parts.append(step.positivePart(try step.operand(index))) }
        let wanted = parts.indices.filter { step.wants($0) }
        guard let first = wanted.first else { return step.none }
        // A constant term is a bias, which takes no part.
        let total = wanted.dropFirst().reduce(parts[first]) { step.add($0, parts[$1]) }
        let weighting = step.dividedStably(relevance, by: total, 0)
        var result = step.none
        for index in wanted { result[index] = Cotangent(step.multiply(parts[index], weighting), shape) }
        return result
    }
}

/// Softmax: `R_i = x_i (R_i - y_i Σ_j R_j)`, its first-order contributions without any division (Achtibat et al. 2024,
/// prop. 3.1).
struct SoftmaxRelevanceRule: BackwardRule {
    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let relevance = step.resultCotangents[0], step.wants(0) else { return step.none }
        let total = step.sum(relevance, over: [step.node.integer("axis") ?? -1])
        let centred = step.subtract(relevance, step.multiply(try step.result(), total))
        // A masked place holds minus infinity, and has no relevance.
        let bounds = [step.scalar(-1e30), step.scalar(1e30)]
        let x = step.emit("Clip", [try step.operand(0)] + bounds)
        return [Cotangent(step.multiply(x, centred), try step.shape(ofOperand: 0))]
    }
}

extension BackwardStep {
    /// What the true derivative of the step's own node makes of its cotangents.
    fileprivate mutating func derivative() throws(DifferentiationError) -> [Cotangent?] {
        guard let rule = RuleCatalogue.rules[node.operation] else {
            throw .noRule(operation: node.qualifiedOperation, node: label)
        }
        return try rule.cotangents(&self)
    }
}
