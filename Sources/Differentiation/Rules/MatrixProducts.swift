import Graphs
import Tensors

/// `Y = α A' B' + β C`, where `A'` and `B'` are the operands or their transposes.
struct GemmRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        // Any number but zero transposes.
        let transposeA = step.node.integer("transA") ?? 0 == 0 ? 0 : 1
        let transposeB = step.node.integer("transB") ?? 0 == 0 ? 0 : 1
        let alpha = Attribute.float(step.node.float("alpha") ?? 1)
        let (a, b) = (try step.operand(0), try step.operand(1))
        func product(_ left: ValueID, _ right: ValueID, _ transposed: (Int, Int)) -> ValueID {
            step.emit(
                "Gemm", [left, right],
                ["alpha": alpha, "transA": .integer(transposed.0), "transB": .integer(transposed.1)])
        }
        var result = step.none
        if step.wants(0) {
            let value = transposeA == 0 ? product(seed, b, (0, 1 - transposeB)) : product(b, seed, (transposeB, 1))
            result[0] = Cotangent(value, try step.shape(ofOperand: 0))
        }
        if step.wants(1) {
            let value = transposeB == 0 ? product(a, seed, (1 - transposeA, 0)) : product(seed, a, (1, transposeA))
            result[1] = Cotangent(value, try step.shape(ofOperand: 1))
        }
        if step.wants(2) {
            let beta = Double(step.node.float("beta") ?? 1)
            result[2] = Cotangent(step.scale(seed, by: beta), try step.shape(ofResult: 0))
        }
        return result
    }
}

/// `Y = A B` over the last two axes, the others broadcast; a vector is a row on the left and a column on the right.
struct MatMulRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        let (shapeA, shapeB) = (try step.shape(ofOperand: 0), try step.shape(ofOperand: 1))
        let matrixA = shapeA.rank == 1 ? Shape([1] + shapeA.dimensions) : shapeA
        let matrixB = shapeB.rank == 1 ? Shape(shapeB.dimensions + [1]) : shapeB
        let batchA = Shape(Array(matrixA.dimensions.dropLast(2)))
        guard let batch = batchA.broadcast(with: Shape(Array(matrixB.dimensions.dropLast(2)))) else {
            throw .unsupported(node: step.label, reason: "its operands \(shapeA) and \(shapeB) do not fit")
        }
        let full = Shape(batch.dimensions + [matrixA[-2], matrixB[-1]])
        let isMatrix = shapeA.rank > 1 && shapeB.rank > 1
        let cotangent = isMatrix ? seed : step.reshape(seed, to: full)
        var result = step.none
        if step.wants(0) {
            let right = transposed(&step, try step.operand(1), shapeB, matrixB)
            let value = step.emit("MatMul", [cotangent, right])
            let shape = Shape(batch.dimensions + [matrixA[-2], matrixA[-1]])
            let summed = step.unbroadcast(Cotangent(value, shape), to: matrixA)
            result[0] = Cotangent(matrixA == shapeA ? summed : step.reshape(summed, to: shapeA), shapeA)
        }
        if step.wants(1) {
            let left = transposed(&step, try step.operand(0), shapeA, matrixA)
            let value = step.emit("MatMul", [left, cotangent])
            let shape = Shape(batch.dimensions + [matrixB[-2], matrixB[-1]])
            let summed = step.unbroadcast(Cotangent(value, shape), to: matrixB)
            result[1] = Cotangent(matrixB == shapeB ? summed : step.reshape(summed, to: shapeB), shapeB)
        }
        return result
    }

    private func transposed(
        _ step: inout BackwardStep, _ value: ValueID, _ shape: Shape, _ matrix: Shape
    ) -> ValueID {
        let operand = matrix == shape ? value : step.reshape(value, to: matrix)
        let rank = matrix.rank
        return step.transpose(operand, Array(0..<rank - 2) + [rank - 1, rank - 2])
    }
}
