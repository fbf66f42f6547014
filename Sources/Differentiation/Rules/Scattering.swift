import Graphs
import Tensors

/// Updates written into a copy of the data, or combined with it, at given indices.
///
/// What reached a position shares its seed: all of it for sums, the product of the others for products, an even share of
/// a tie for maxima and minima. Overwritten data gets nothing; two updates of one position are undefined without a
/// reduction.
struct ScatterRule: BackwardRule {
    /// ScatterND and GatherND, or ScatterElements and GatherElements.
    let byCoordinates: Bool

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        var data: ValueID?
        var updates: ValueID?
        let reduction = step.node.string("reduction") ?? "none"
        switch reduction {
        case "none":
            if step.wants(0) {
                let zeros = step.zeros(try step.shape(ofOperand: 2))
                data = try scatter(&step, seed, zeros, reduction)
            }
            updates = step.wants(2) ? try gather(&step, seed) : nil
        case "add":
            data = seed
            updates = step.wants(2) ? try gather(&step, seed) : nil
        case "mul": (data, updates) = try factors(&step, seed)
        case "max", "min": (data, updates) = try extrema(&step, seed)
        default: throw .unsupported(node: step.label, reason: "the reduction '\(reduction)' has no rule")
        }
        let (shape, updateShape) = (try step.shape(ofOperand: 0), try step.shape(ofOperand: 2))
        return [
            step.wants(0) ? data.map { Cotangent($0, shape) } : nil, nil,
            step.wants(2) ? updates.map { Cotangent($0, updateShape) } : nil,
        ]
    }

    /// The elements of `value` at the updates' places.
    private func gather(_ step: inout BackwardStep, _ value: ValueID) throws(DifferentiationError) -> ValueID {
        let indices = try step.operand(1)
        return byCoordinates
            ? step.emit("GatherND", [value, indices]) : step.emit("GatherElements", [value, indices], axis(step))
    }

    /// `updates` combined with `base` as the node does it.
    private func scatter(
        _ step: inout BackwardStep, _ base: ValueID, _ updates: ValueID, _ reduction: String
    ) throws(DifferentiationError) -> ValueID {
        var attributes = axis(step)
        attributes["reduction"] = .string(reduction)
        let operation = byCoordinates ? "ScatterND" : "ScatterElements"
        return step.emit(operation, [base, try step.operand(1), updates], attributes)
    }

    private func axis(_ step: BackwardStep) -> [String: Attribute] {
        byCoordinates ? [:] : ["axis": .integer(step.node.integer("axis") ?? 0)]
    }

    /// Products: the seed times the product of all other factors, also where factors are 0.
    private func factors(
        _ step: inout BackwardStep, _ seed: ValueID
    ) throws(DifferentiationError) -> (ValueID?, ValueID?) {
        let (data, updates) = (try step.operand(0), try step.operand(2))
        var parts: (ValueID?, ValueID?)
        if step.wants(0) {
            let ones = step.expand(step.scalar(1), to: try step.shape(ofOperand: 0))
            parts.0 = step.multiply(seed, try scatter(&step, ones, updates, "mul"))
        }
        if step.wants(2) {
            // A factor 0 gets the others' product only where it is the one zero among the updates.
            let isZero = step.isEqual(updates, step.scalar(0))
            let nonzero = step.add(updates, isZero)
            let product = step.multiply(seed, try scatter(&step, data, nonzero, "mul"))
            let zeros = try scatter(&step, step.zeros(try step.shape(ofOperand: 0)), isZero, "add")
            let passes = step.isEqual(try gather(&step, zeros), isZero)
            parts.1 = step.divide(step.multiply(try gather(&step, product), passes), nonzero)
        }
        return parts
    }

    /// Maxima and minima: whatever equals the result shares the seed evenly.
    private func extrema(
        _ step: inout BackwardStep, _ seed: ValueID
    ) throws(DifferentiationError) -> (ValueID?, ValueID?) {
        let y = try step.result()
        let kept = step.isEqual(try step.operand(0), y)
        let won = step.isEqual(try step.operand(2), try gather(&step, y))
        let share = step.divide(seed, try scatter(&step, kept, won, "add"))
        return (
            step.wants(0) ? step.multiply(share, kept) : nil,
            step.wants(2) ? step.multiply(try gather(&step, share), won) : nil
        )
    }
}
