import Graphs
import Tensors

/// Batch normalisation with fixed statistics: `y = s (x - μ) / √(σ² + ε) + b`, an affine map per channel.
struct BatchNormalizationRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        guard step.node.integer("training_mode") ?? 0 == 0 else {
            throw .unsupported(
                node: step.label, reason: "the model was exported in training mode; call model.eval() before the export"
            )
        }
        let shape = try step.shape(ofOperand: 0)
        let channels = try step.shape(ofOperand: 1)
        let perChannel = Shape([channels.count] + [Int](repeating: 1, count: max(shape.rank - 2, 0)))
        let others = shape.dimensions.indices.filter { $0 != 1 }
        let epsilon = step.scalar(Double(step.node.float("epsilon") ?? 1e-5))
        let deviation = step.emit("Sqrt", [step.add(try step.operand(4), epsilon)])
        let slope = step.divide(try step.operand(1), deviation)
        var result = step.none
        if step.wants(0) {
            result[0] = Cotangent(step.multiply(seed, step.reshape(slope, to: perChannel)), shape)
        }
        func perChannelSum(_ value: ValueID) -> ValueID {
            step.reshape(step.sum(value, over: others), to: channels)
        }
        if step.wants(1) || step.wants(4) {
            let mean = step.reshape(try step.operand(3), to: perChannel)
            let centred = step.subtract(try step.operand(0), mean)
            let total = step.divide(perChannelSum(step.multiply(seed, centred)), deviation)
            if step.wants(1) { result[1] = Cotangent(total, channels) }
            if step.wants(4) {
                let halved = step.scale(step.multiply(total, slope), by: -0.5)
                result[4] = Cotangent(step.divide(halved, deviation), channels)
            }
        }
        if step.wants(2) || step.wants(3) {
            let total = perChannelSum(seed)
            if step.wants(2) { result[2] = Cotangent(total, channels) }
            if step.wants(3) { result[3] = Cotangent(step.negate(step.multiply(total, slope)), channels) }
        }
        return result
    }
}

/// `y = x / ‖x‖_p` along an axis: `∂x = (g - s Σ g y) / ‖x‖_p` with s = y for p = 2 and s = sign(x) for p = 1; 0 for a
/// vector of zeros.
struct LpNormalizationRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let axis = try step.axis(step.node.integer("axis") ?? -1, rank: shape.rank)
        let (x, y) = (try step.operand(0), try step.result())
        let isEuclidean = step.node.integer("p") ?? 2 == 2
        let norm = step.emit(
            isEuclidean ? "ReduceL2" : "ReduceL1", [x, step.integers([axis])], ["keepdims": .integer(1)])
        // Where the norm is 0, dividing by infinity gives the subgradient 0.
        let isZero = step.emit("Equal", [norm, step.scalar(0)])
        let divisor = step.emit("Where", [isZero, step.scalar(.infinity), norm])
        let along = step.sum(step.multiply(seed, y), over: [axis])
        let across = step.subtract(seed, step.multiply(isEuclidean ? y : step.sign(x), along))
        return [Cotangent(step.divide(across, divisor), shape)]
    }
}

/// Local response normalisation across channels: `y = x D^-β`, `D = bias + α/n Σ_window x²`.
///
/// `∂x_j = g_j D_j^-β - 2αβ/n x_j Σ_{i: j in window(i)} g_i x_i D_i^(-β-1)`.
struct LRNRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let x = try step.operand(0)
        let response = LocalResponse(step.node)
        let base = response.base(&step, x, shape)
        let direct = step.multiply(seed, step.emit("Pow", [base, step.scalar(-response.beta)]))
        let weighted = step.multiply(
            step.multiply(seed, x), step.emit("Pow", [base, step.scalar(-response.beta - 1)]))
        let spread = response.windowSum(&step, weighted, shape, isTransposed: true)
        let factor = 2 * response.alpha * response.beta / Double(response.size)
        let coupled = step.scale(step.multiply(x, spread), by: factor)
        return [Cotangent(step.subtract(direct, coupled), shape)]
    }
}

/// What local response normalisation divides by, up to the power.
struct LocalResponse {
    let size: Int
    let alpha: Double
    let beta: Double
    let bias: Double

    init(_ node: Node) {
        size = max(node.integer("size") ?? 1, 1)
        alpha = Double(node.float("alpha") ?? 0.0001)
        beta = Double(node.float("beta") ?? 0.75)
        bias = Double(node.float("bias") ?? 1)
    }

    /// `D = bias + α/n Σ_window x²`.
    func base(_ step: inout BackwardStep, _ x: ValueID, _ shape: Shape) -> ValueID {
        let squares = windowSum(&step, step.multiply(x, x), shape, isTransposed: false)
        return step.add(step.scale(squares, by: alpha / Double(size)), step.scalar(bias))
    }

    /// The sum over a window of channels, as an average pooling over the channel axis; or over the channels whose windows a
    /// channel is in.
    func windowSum(_ step: inout BackwardStep, _ value: ValueID, _ shape: Shape, isTransposed: Bool) -> ValueID {
        let (before, behind) = isTransposed ? (size / 2, (size - 1) / 2) : ((size - 1) / 2, size / 2)
        let plane = Shape([shape[0], 1, shape[1], shape.dimensions.dropFirst(2).reduce(1, *)])
        let mean = step.emit(
            "AveragePool", [step.reshape(value, to: plane)],
            [
                "kernel_shape": .integers([size, 1]), "pads": .integers([before, 0, behind, 0]),
                "count_include_pad": .integer(1),
            ])
        return step.reshape(step.scale(mean, by: Double(size)), to: shape)
    }
}
