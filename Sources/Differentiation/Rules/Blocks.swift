import Graphs
import Tensors

/// Channels to blocks of pixels: the blocks back to channels.
struct DepthToSpaceRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let size = step.node.integer("blocksize") ?? 1
        let value = step.emit("SpaceToDepth", [seed], ["blocksize": .integer(size)])
        guard step.node.string("mode") == "CRD" else { return [Cotangent(value, shape)] }
        // SpaceToDepth puts the position within the block before the channel, CRD behind it.
        guard shape.rank == 4, size > 0 else {
            throw .unsupported(node: step.label, reason: "its operand \(shape) is no batch of planes")
        }
        let (blocks, plane) = (size * size, shape[2] * shape[3])
        let grouped = step.reshape(value, to: [shape[0], blocks, shape[1] / blocks, plane])
        return [Cotangent(step.reshape(step.transpose(grouped, [0, 2, 1, 3]), to: shape), shape)]
    }
}

/// Blocks of pixels to channels: the channels back to blocks.
struct SpaceToDepthRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        guard step.node.string("mode") ?? "DCR" == "DCR" else {
            throw .unsupported(node: step.label, reason: "the mode '\(step.node.string("mode") ?? "")' has no rule")
        }
        let size = step.node.integer("blocksize") ?? 1
        let value = step.emit("DepthToSpace", [seed], ["blocksize": .integer(size), "mode": .string("DCR")])
        return [Cotangent(value, try step.shape(ofOperand: 0))]
    }
}
