import Graphs
import Tensors

/// Padding: what was copied comes back, and the padding value gets the sum of the rest; with reflect, edge and wrap a position gathers from all of its copies.
struct PadRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) || step.wants(2) else { return result }
        let shape = try step.shape(ofOperand: 0)
        let (begins, ends) = try pads(&step, rank: shape.rank)
        let mode = step.node.string("mode") ?? "constant"
        if mode == "constant" {
            let copied = step.pad(seed, begins: begins.map { -$0 }, ends: ends.map { -$0 })
            result[0] = Cotangent(copied, shape)
            guard step.wants(2) else { return result }
            let padding = step.subtract(step.total(seed, rank: shape.rank), step.total(copied, rank: shape.rank))
            result[2] = Cotangent(padding, Shape([Int](repeating: 1, count: shape.rank)))
            return result
        }
        guard step.wants(0) else { return result }
        guard shape.count > 0 else {
            throw .unsupported(node: step.label, reason: "its operand \(shape) is empty")
        }
        var value = seed
        for axis in 0..<shape.rank where begins[axis] != 0 || ends[axis] != 0 {
            let sources = try (0..<begins[axis] + shape[axis] + ends[axis]).map {
                position throws(DifferentiationError) in
                try source(of: position - begins[axis], length: shape[axis], mode: mode, step)
            }
            value = gather(&step, value, sources: sources, length: shape[axis], axis: axis, rank: shape.rank)
        }
        result[0] = Cotangent(value, shape)
        return result
    }

    private func pads(_ step: inout BackwardStep, rank: Int) throws(DifferentiationError) -> ([Int], [Int]) {
        let given = try step.constantIntegers(1) ?? []
        let axes = try step.constantIntegers(3)?.map { $0 < 0 ? $0 + rank : $0 } ?? Array(0..<rank)
        guard given.count == 2 * axes.count, axes.allSatisfy((0..<rank).contains) else {
            throw .unsupported(
                node: step.label, reason: "its \(given.count) pads do not fit \(axes.count) of \(rank) axes")
        }
        var begins = [Int](repeating: 0, count: rank)
        var ends = begins
        for (position, axis) in axes.enumerated() {
            begins[axis] = given[position]
            ends[axis] = given[position + axes.count]
        }
        return (begins, ends)
    }

    /// The operand's position that a padded position copies.
    private func source(
        of position: Int, length: Int, mode: String, _ step: BackwardStep
    ) throws(DifferentiationError) -> Int {
        switch mode {
        case "edge": return min(max(position, 0), length - 1)
        case "wrap": return ((position % length) + length) % length
        case "reflect":
            let period = max(2 * (length - 1), 1)
            let folded = ((position % period) + period) % period
            return folded < length ? folded : period - folded
        default: throw .unsupported(node: step.label, reason: "the padding mode '\(mode)' has no rule")
        }
    }

    /// Along one axis: `out[i] = Σ_{o: sources[o] = i} value[o]`, as a product with a 0/1 matrix.
    private func gather(
        _ step: inout BackwardStep, _ value: ValueID, sources: [Int], length: Int, axis: Int, rank: Int
    ) -> ValueID {
        var matrix = [Double](repeating: 0, count: sources.count * length)
        for (position, source) in sources.enumerated() { matrix[position * length + source] = 1 }
        var permutation = Array(0..<rank)
        permutation.swapAt(axis, rank - 1)
        let last = step.transpose(value, permutation)
        let product = step.emit("MatMul", [last, step.constant(matrix, shape: [sources.count, length])])
        return step.transpose(product, permutation)
    }
}
