import Graphs
import Tensors

/// Max unpooling puts every element at its index: the cotangent is gathered from there.
struct MaxUnpoolRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let shape = try step.shape(ofOperand: 0)
        let places = step.reshape(try step.operand(1), to: [-1])
        let gathered = step.emit("GatherElements", [step.reshape(seed, to: [-1]), places], ["axis": .integer(0)])
        result[0] = Cotangent(step.reshape(gathered, to: shape), shape)
        return result
    }
}

/// Col2Im adds overlapping blocks into a picture: the cotangent is cut into these blocks, by a Conv with unit kernels.
struct Col2ImRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let shape = try step.shape(ofOperand: 0)
        let picture = try step.shape(ofResult: 0)
        guard let block = try step.constantIntegers(2), block.count == picture.rank - 2,
            let size = Shape(block).checkedCount, size > 0, size <= 1 << 13
        else {
            throw .unsupported(node: step.label, reason: "its block shape does not fit the picture \(picture)")
        }
        var units = [Double](repeating: 0, count: size * size)
        for position in 0..<size { units[position * size + position] = 1 }
        let kernels = step.constant(units, shape: Shape([size, 1] + block))
        let planes = step.reshape(seed, to: Shape([picture[0] * picture[1], 1] + picture.dimensions.dropFirst(2)))
        var attributes = step.node.attributes
        attributes["kernel_shape"] = .integers(block)
        let blocks = step.emit("Conv", [planes, kernels], attributes)
        result[0] = Cotangent(step.reshape(blocks, to: shape), shape)
        return result
    }
}
