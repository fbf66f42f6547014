import Graphs
import Tensors

/// Broadcasting to a shape: the walker sums over what was repeated.
struct ExpandRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        result[0] = Cotangent(seed, try step.shape(ofResult: 0))
        return result
    }
}

/// Repeated copies along axes: the sum over the copies.
struct TileRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let (shape, tiled) = (try step.shape(ofOperand: 0), try step.shape(ofResult: 0))
        guard shape.rank == tiled.rank, tiled.count > 0 else {
            result[0] = Cotangent(step.zeros(shape), shape)
            return result
        }
        var lengths: [Int] = []
        var copies: [Int] = []
        for axis in 0..<shape.rank {
            if tiled[axis] != shape[axis] {
                copies.append(lengths.count)
                lengths.append(tiled[axis] / shape[axis])
            }
            lengths.append(shape[axis])
        }
        let value =
            copies.isEmpty
            ? seed
            : step.emit(
                "ReduceSum", [step.reshape(seed, to: Shape(lengths)), step.integers(copies)],
                ["keepdims": .integer(0)])
        result[0] = Cotangent(value, shape)
        return result
    }
}
