import Graphs
import Tensors

/// Resize is linear and treats every axis by itself: `y = R x` along each, so `∂x = Rᵀ g` along each.
///
/// The engine gives the matrices: the node resizes the unit vectors of an axis, so they are right in every mode, and they
/// are constants by the time the program runs. Nearest neighbours repeated a whole number of times are summed by pooling.
struct ResizeRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let shape = try step.shape(ofOperand: 0)
        let axes = try resizedAxes(&step, shape, try step.shape(ofResult: 0))
        if let factors = repetitions(axes, step.node, rank: shape.rank) {
            result[0] = Cotangent(sumOfRepetitions(&step, seed, factors, shape), shape)
            return result
        }
        var value = seed
        var lengths = try step.shape(ofResult: 0).dimensions
        for axis in axes.reversed() {
            let matrix = matrix(&step, axis)
            value = product(&step, matrix, value, lengths, axis)
            lengths[axis.index] = axis.length
        }
        result[0] = Cotangent(value, shape)
        return result
    }

    /// How one axis is resized.
    private struct Axis {
        let index: Int
        let length: Int
        let resized: Int
        /// The factor where the node computes with a given one, not with the quotient of the lengths.
        let scale: Float?
        /// The part of the axis that is read, in units of its length.
        let region: (start: Float, end: Float)
    }

    /// The axes whose matrix is not the unit matrix.
    private func resizedAxes(
        _ step: inout BackwardStep, _ input: Shape, _ output: Shape
    ) throws(DifferentiationError) -> [Axis] {
        let rank = input.rank
        let indices = step.node.integers("axes")?.map { $0 < 0 ? $0 + rank : $0 } ?? Array(0..<rank)
        let scales = try scales(&step, input, indices)
        let crops = step.node.string("coordinate_transformation_mode") == "tf_crop_and_resize"
        let region = crops ? try step.constantFloats(1) ?? [] : []
        guard output.rank == rank, indices.allSatisfy((0..<rank).contains),
            scales.isEmpty || scales.count == indices.count, !crops || region.count == 2 * indices.count
        else {
            throw .unsupported(node: step.label, reason: "its axes, scales or region do not fit \(input)")
        }
        return indices.indices.map { position in
            let index = indices[position]
            let ends = crops ? (region[position], region[position + indices.count]) : (0, 1)
            return Axis(
                index: index, length: input[index], resized: output[index],
                scale: scales.isEmpty ? nil : scales[position], region: ends)
        }.filter { $0.length != $0.resized || $0.scale ?? 1 != 1 || $0.region != (0, 1) }
    }

    /// The factors that the node computes with; none where they are quotients of the lengths.
    private func scales(
        _ step: inout BackwardStep, _ input: Shape, _ axes: [Int]
    ) throws(DifferentiationError) -> [Float] {
        if let scales = try step.constantFloats(2), !scales.isEmpty { return scales }
        let policy = step.node.string("keep_aspect_ratio_policy") ?? "stretch"
        guard policy != "stretch", let sizes = try step.constantIntegers(3), sizes.count == axes.count else {
            return []
        }
        let quotients = axes.indices.map { Float(sizes[$0]) / Float(max(input[axes[$0]], 1)) }
        let common = (policy == "not_larger" ? quotients.min() : quotients.max()) ?? 1
        let output = try step.shape(ofResult: 0)
        guard axes.allSatisfy({ Int(exactly: (common * Float(input[$0])).rounded(.down)) == output[$0] }) else {
            throw .unsupported(
                node: step.label,
                reason: "its keep_aspect_ratio_policy rounds a length up; give 'sizes' of the picture's own proportions"
            )
        }
        return axes.map { _ in common }
    }

    // MARK: Whole repetitions

    /// How often each position is repeated along every axis, where that is all the node does.
    private func repetitions(_ axes: [Axis], _ node: Node, rank: Int) -> [Int]? {
        guard node.string("mode") ?? "nearest" == "nearest", !axes.isEmpty else { return nil }
        let rounding = node.string("nearest_mode") ?? "round_prefer_floor"
        switch node.string("coordinate_transformation_mode") ?? "half_pixel" {
        case "asymmetric": guard rounding == "floor" else { return nil }
        case "half_pixel", "half_pixel_symmetric": guard rounding.hasPrefix("round") else { return nil }
        default: return nil
        }
        var factors = [Int](repeating: 1, count: rank)
        for axis in axes {
            guard axis.length > 0, axis.resized % axis.length == 0 else { return nil }
            let factor = axis.resized / axis.length
            guard axis.scale ?? Float(factor) == Float(factor) else { return nil }
            factors[axis.index] = factor
        }
        return factors
    }

    private func sumOfRepetitions(
        _ step: inout BackwardStep, _ seed: ValueID, _ factors: [Int], _ shape: Shape
    ) -> ValueID {
        if (3...5).contains(shape.rank), factors[0] == 1, factors[1] == 1 {
            let kernel = Array(factors.dropFirst(2))
            let mean = step.emit(
                "AveragePool", [seed], ["kernel_shape": .integers(kernel), "strides": .integers(kernel)])
            return step.scale(mean, by: Double(factors.reduce(1, *)))
        }
        let parts = zip(shape.dimensions, factors).flatMap { [$0, $1] }
        let split = step.reshape(seed, to: Shape(parts))
        return step.reshape(step.sum(split, over: shape.dimensions.indices.map { 2 * $0 + 1 }), to: shape)
    }

    // MARK: Matrices

    /// `[length, resized]`: row i is the resized unit vector i.
    private func matrix(_ step: inout BackwardStep, _ axis: Axis) -> ValueID {
        let zeros = step.emit("ConstantOfShape", [step.integers([axis.length, axis.length])])
        let units = step.reshape(step.emit("EyeLike", [zeros]), to: [1, axis.length, axis.length, 1])
        var attributes = step.node.attributes
        attributes["axes"] = nil
        attributes["keep_aspect_ratio_policy"] = nil
        attributes["extrapolation_value"] = nil
        let region = numbers(&step, [0, 0, axis.region.start, 0, 1, 1, axis.region.end, 1])
        let resized =
            if let scale = axis.scale {
                step.emit("Resize", [units, region, numbers(&step, [1, 1, scale, 1])], attributes)
            } else {
                step.emit(
                    "Resize", [units, region, nil, step.integers([1, axis.length, axis.resized, 1])], attributes)
            }
        return step.reshape(resized, to: [axis.length, axis.resized])
    }

    private func numbers(_ step: inout BackwardStep, _ values: [Float]) -> ValueID {
        step.graph.addConstant(AnyTensor(Tensor(vector: values)), name: "numbers")
    }

    /// The matrix applied along one axis of a value with these lengths.
    private func product(
        _ step: inout BackwardStep, _ matrix: ValueID, _ value: ValueID, _ lengths: [Int], _ axis: Axis
    ) -> ValueID {
        let inner = lengths[(axis.index + 1)...].reduce(1, *)
        if inner == 1 {
            let outer = lengths[..<axis.index].reduce(1, *)
            let rows = step.reshape(value, to: [outer, axis.resized])
            let back = step.emit("MatMul", [rows, step.transpose(matrix, [1, 0])])
            var shape = lengths
            shape[axis.index] = axis.length
            return step.reshape(back, to: Shape(shape))
        }
        if axis.index == lengths.count - 2 { return step.emit("MatMul", [matrix, value]) }
        let outer = lengths[..<axis.index].reduce(1, *)
        let back = step.emit("MatMul", [matrix, step.reshape(value, to: [outer, axis.resized, inner])])
        var shape = lengths
        shape[axis.index] = axis.length
        return step.reshape(back, to: Shape(shape))
    }
}
