import Graphs
import Tensors

/// Sums of everything before or up to a position along an axis: the same from the other end.
struct CumSumRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let isReversed = step.node.integer("reverse") ?? 0 != 0
        let value = step.emit(
            "CumSum", [seed, try step.operand(1)],
            [
                "exclusive": .integer(step.node.integer("exclusive") ?? 0),
                "reverse": .integer(isReversed ? 0 : 1),
            ])
        return [Cotangent(value, try step.shape(ofOperand: 0)), nil]
    }
}

/// A triangle of every matrix (Trilu), or sequences turned round (ReverseSequence): the same applied to the seed.
struct SelfTransposedRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let operands = [seed] + step.node.inputs.dropFirst()
        let value = step.emit(step.node.operation, operands, step.node.attributes)
        result[0] = Cotangent(value, try step.shape(ofOperand: 0))
        return result
    }
}
