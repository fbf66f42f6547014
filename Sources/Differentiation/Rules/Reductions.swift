import Graphs
import Tensors

/// The sum or mean over axes: the seed, divided by their number for the mean, repeated along them.
struct ReductionRule: BackwardRule {
    /// Whether the forward operator divides by the number of elements.
    let isMean: Bool

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let shape = try step.shape(ofOperand: 0)
        let given = try step.constantIntegers(1) ?? []
        if given.isEmpty && step.node.integer("noop_with_empty_axes") ?? 0 != 0 {
            result[0] = Cotangent(seed, shape)
            return result
        }
        let axes = given.isEmpty ? Array(0..<shape.rank) : given.map { $0 < 0 ? $0 + shape.rank : $0 }
        var kept = shape.dimensions
        for axis in axes { kept[axis] = 1 }
        let count = axes.reduce(1) { $0 * shape[$1] }
        let share = isMean ? step.scale(seed, by: 1 / Double(max(count, 1))) : seed
        let aligned = try step.shape(ofResult: 0) == Shape(kept) ? share : step.reshape(share, to: Shape(kept))
        result[0] = Cotangent(step.expand(aligned, to: shape), shape)
        return result
    }
}
