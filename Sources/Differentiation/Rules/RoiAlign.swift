import Graphs
import Tensors

/// Mean over the bilinear samples of each cell of each region; linear in the picture, and a product over its two axes.
///
/// With `y_r = V_r x H_rᵀ` for region r, `∂x = Σ_r V_rᵀ g_r H_r`. The engine gives V and H: the node aligns the regions,
/// made narrow along the other axis, on unit vectors. Regions are places, not values: no cotangent flows to them.
struct RoiAlignRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        guard step.node.string("mode") ?? "avg" == "avg" else {
            throw .unsupported(node: step.label, reason: "only RoiAlign's mode 'avg' has a rule")
        }
        let shape = try step.shape(ofOperand: 0)
        let output = try step.shape(ofResult: 0)
        let (regions, channels, rows, columns) = (output[0], output[1], output[2], output[3])
        let vertical = try samples(&step, length: shape[2], cells: rows, regions: regions, isVertical: true)
        let horizontal = try samples(&step, length: shape[3], cells: columns, regions: regions, isVertical: false)
        // [R, C, rows, columns] · [R, 1, columns, W] -> [R · rows, C · W]
        let wide = step.emit(
            "MatMul",
            [seed, step.transpose(step.reshape(horizontal, to: [regions, 1, shape[3], columns]), [0, 1, 3, 2])])
        let right = step.reshape(step.transpose(wide, [0, 2, 1, 3]), to: [regions * rows, channels * shape[3]])
        // [H, R, rows] -> [N, H, R · rows], zero for the regions of other pictures.
        var left = step.transpose(step.reshape(vertical, to: [regions, shape[2], rows]), [1, 0, 2])
        if shape[0] > 1 {
            left = step.multiply(
                left, step.reshape(try members(&step, shape[0], regions), to: [shape[0], 1, regions, 1]))
        }
        let product = step.emit("MatMul", [step.reshape(left, to: [shape[0], shape[2], regions * rows]), right])
        let planes = step.reshape(product, to: [shape[0], shape[2], channels, shape[3]])
        result[0] = Cotangent(step.transpose(planes, [0, 2, 1, 3]), shape)
        return result
    }

    /// `[R, length, cells]` (or with axes of length 1 between): the weight of every position in every cell.
    private func samples(
        _ step: inout BackwardStep, length: Int, cells: Int, regions: Int, isVertical: Bool
    ) throws(DifferentiationError) -> ValueID {
        let zeros = step.emit("ConstantOfShape", [step.integers([length, length])])
        let units = step.emit("EyeLike", [zeros])
        let breadth = 4
        let picture =
            isVertical
            ? step.expand(step.reshape(units, to: [1, length, length, 1]), to: [1, length, length, breadth])
            : step.expand(step.reshape(units, to: [1, length, 1, length]), to: [1, length, breadth, length])
        // Along the other axis every region goes from position 1 to 2, well inside.
        let scale = Double(step.node.float("spatial_scale") ?? 1)
        let shift = step.node.string("coordinate_transformation_mode") ?? "half_pixel" == "half_pixel" ? 0.5 : 0
        let (start, end) = ((1 + shift) / scale, (2 + shift) / scale)
        let kept = step.constant(isVertical ? [0, 1, 0, 1] : [1, 0, 1, 0], shape: [1, 4])
        let fixed = step.constant(isVertical ? [start, 0, end, 0] : [0, start, 0, end], shape: [1, 4])
        let narrow = step.add(step.multiply(try step.operand(1), kept), fixed)
        let first = step.expand(step.integers([0]), to: [regions])
        var attributes = step.node.attributes
        attributes["output_height"] = .integer(isVertical ? cells : 1)
        attributes["output_width"] = .integer(isVertical ? 1 : cells)
        return step.emit("RoiAlign", [picture, narrow, first], attributes)
    }

    /// `[N, R]`: 1 where a region is of a picture of the batch.
    private func members(
        _ step: inout BackwardStep, _ batch: Int, _ regions: Int
    ) throws(DifferentiationError) -> ValueID {
        let numbers = step.reshape(step.integers(Array(0..<batch)), to: [batch, 1])
        let equal = step.emit("Equal", [step.reshape(try step.operand(2), to: [1, regions]), numbers])
        return step.emit("Cast", [equal], ["to": .integer(Int(step.elementType.rawValue))])
    }
}
