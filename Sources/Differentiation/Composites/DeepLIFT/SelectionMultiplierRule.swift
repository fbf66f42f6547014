import Graphs

/// `y = a where condition, else b` with a condition that varies: the whole change is credited to the operand that is taken now, or
/// to the other one where that is a constant. A function of one value that is spelled in two branches gets its own multiplier
/// `(y - ȳ) / (x - x̄)` so.
struct SelectionMultiplierRule: BackwardRule {
    let reference: ReferenceActivations

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0] else { return result }
        let shape = try step.shape(ofResult: 0)
        let (condition, y) = (try step.operand(0), try step.result())
        let change = step.multiply(seed, step.subtract(y, reference[y]))
        let zero = step.scalar(0)
        for index in [1, 2] where step.wants(index) {
            func taken(_ value: ValueID) -> ValueID {
                step.emit("Where", index == 1 ? [condition, value, zero] : [condition, zero, value])
            }
            let operand = try step.operand(index)
            let difference = ReferenceDifference(&step, operand, reference[operand])
            let credit = reference.varies(step.node.input(3 - index)) ? taken(change) : change
            let slope = taken(seed)
            result[index] = Cotangent(difference.multiplier(&step, of: credit, else: slope), shape)
        }
        return result
    }
}
