import Graphs
import Tensors

/// Flatten, Reshape, Squeeze, Unsqueeze: the same elements under the operand's shape.
struct ReshapeRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let shape = try step.shape(ofOperand: 0)
        result[0] = Cotangent(step.reshape(seed, to: shape), shape)
        return result
    }
}

/// The inverse permutation of the axes.
struct TransposeRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let permutation = step.node.integers("perm") ?? (0..<shape.rank).reversed()
        var inverse = permutation
        for (position, axis) in permutation.enumerated() { inverse[axis] = position }
        return [Cotangent(step.transpose(seed, inverse), shape)]
    }
}

/// Each operand gets its part of the seed.
struct ConcatRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0] else { return result }
        let rank = try step.shape(ofResult: 0).rank
        let given = step.node.integer("axis") ?? 0
        let axis = given < 0 ? given + rank : given
        var offset = 0
        for index in step.node.inputs.indices {
            let shape = try step.shape(ofOperand: index)
            if step.wants(index) {
                let part = step.slice(seed, from: offset, to: offset + shape[axis], axis: axis)
                result[index] = Cotangent(part, shape)
            }
            offset += shape[axis]
        }
        return result
    }
}

/// Identity and inference-time Dropout: the seed as it is.
struct IdentityRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        result[0] = Cotangent(seed, try step.shape(ofOperand: 0))
        return result
    }
}

/// Cast and CastLike, a change of number format: the seed in the operand's format.
struct CastRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let operand = try step.operand(0)
        let value = step.cast(seed, to: step.graph[operand].type ?? .float32)
        result[0] = Cotangent(value, try step.shape(ofOperand: 0))
        return result
    }
}
