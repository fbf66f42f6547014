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

    /// Along one axis: `out[i] = Σ_{o: sources[o] = i} value[o]`, run by run of sources that rise, fall or stay.
    private func gather(
        _ step: inout BackwardStep, _ value: ValueID, sources: [Int], length: Int, axis: Int, rank: Int
    ) -> ValueID {
        var parts: [ValueID] = []
        var start = 0
        while start < sources.count {
            var end = start + 1
            let change = end < sources.count ? sources[end] - sources[start] : 1
            if abs(change) <= 1 {
                while end < sources.count, sources[end] - sources[end - 1] == change { end += 1 }
            }
            var part = step.slice(value, from: start, to: end, axis: axis)
            let (low, high) = (min(sources[start], sources[end - 1]), max(sources[start], sources[end - 1]))
            if end - start > 1, change == 0 { part = step.sum(part, over: [axis]) }
            if end - start > 1, change == -1 { part = step.reverse(part, along: [axis]) }
            var begins = [Int](repeating: 0, count: rank)
            var ends = begins
            (begins[axis], ends[axis]) = (low, length - 1 - high)
            parts.append(step.pad(part, begins: begins, ends: ends))
            start = end
        }
        return parts.count > 1 ? step.emit("Sum", parts) : parts[0]
    }
}
