import Graphs
import Tensors

/// `x̂ = r (x - μ)` with the mean μ and inverse deviation r of x along axes: what most normalisations have in common.
private struct Standardisation {
    /// The operand's shape, `x̂` has it too.
    let shape: Shape
    let axes: [Int]
    /// `x̂`.
    let standardised: ValueID
    /// `r`, with length 1 along the axes.
    let inverseDeviation: ValueID

    /// `r = 1 / √(variance + ε)`, computed again.
    init(_ step: inout BackwardStep, _ x: ValueID, shape: Shape, axes: [Int], epsilon: Double) {
        let centred = step.subtract(x, step.mean(x, over: axes))
        let variance = step.mean(step.multiply(centred, centred), over: axes)
        let deviation = step.emit("Sqrt", [step.add(variance, step.scalar(epsilon))])
        let inverse = step.emit("Reciprocal", [deviation])
        self.init(shape: shape, axes: axes, standardised: step.multiply(centred, inverse), inverseDeviation: inverse)
    }

    init(shape: Shape, axes: [Int], standardised: ValueID, inverseDeviation: ValueID) {
        self.shape = shape
        self.axes = axes
        self.standardised = standardised
        self.inverseDeviation = inverseDeviation
    }

    /// `r (h - mean(h) - x̂ mean(h x̂))` for the cotangent h of `x̂`.
    func cotangent(_ step: inout BackwardStep, of h: ValueID) -> ValueID {
        let centred = step.subtract(h, step.mean(h, over: axes))
        let along = step.mean(step.multiply(h, standardised), over: axes)
        let across = step.subtract(centred, step.multiply(standardised, along))
        return step.multiply(across, inverseDeviation)
    }
}

/// `y = scale x̂ + bias`, standardised over the axes from `axis` on; the results μ and r have cotangents too.
struct LayerNormalizationRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        let shape = try step.shape(ofOperand: 0)
        let axes = Array(try step.axis(step.node.integer("axis") ?? -1, rank: shape.rank)..<shape.rank)
        let seeds = step.resultCotangents
        var result = step.none
        if step.wants(2), let seed = seeds[0] { result[2] = Cotangent(seed, shape) }
        guard step.wants(0) || step.wants(1) else { return result }
        let parts = standardisation(&step, try step.operand(0), shape: shape, axes: axes)
        if step.wants(1), let seed = seeds[0] {
            result[1] = Cotangent(step.multiply(seed, parts.standardised), shape)
        }
        guard step.wants(0) else { return result }
        var terms: [ValueID] = []
        if let seed = seeds[0] {
            terms.append(parts.cotangent(&step, of: step.multiply(seed, try step.operand(1))))
        }
        // ∂μ/∂x = 1/n, ∂r/∂x = -r² x̂ / n.
        let share = 1 / Double(max(axes.reduce(1) { $0 * shape[$1] }, 1))
        if seeds.count > 1, let seed = seeds[1] { terms.append(step.scale(seed, by: share)) }
        if seeds.count > 2, let seed = seeds[2] {
            let square = step.multiply(parts.inverseDeviation, parts.inverseDeviation)
            terms.append(step.multiply(parts.standardised, step.scale(step.multiply(seed, square), by: -share)))
        }
        guard var total = terms.first else { return result }
        for term in terms.dropFirst() { total = step.add(total, term) }
        // Only the mean's cotangent has length 1 along the axes.
        let isNarrow = terms.count == 1 && seeds[0] == nil && seeds.count > 1 && seeds[1] != nil
        result[0] = Cotangent(isNarrow ? step.expand(total, to: shape) : total, shape)
        return result
    }

    /// In float32 the forward node itself tells μ and r; in other types it would tell them in float32.
    private func standardisation(
        _ step: inout BackwardStep, _ x: ValueID, shape: Shape, axes: [Int]
    ) -> Standardisation {
        guard step.elementType == .float32 else {
            let epsilon = Double(step.node.float("epsilon") ?? 1e-5)
            return Standardisation(&step, x, shape: shape, axes: axes, epsilon: epsilon)
        }
        let mean = step.graph.requireOutput(1, ofNode: step.position)
        let inverse = step.graph.requireOutput(2, ofNode: step.position)
        let standardised = step.multiply(step.subtract(x, mean), inverse)
        return Standardisation(shape: shape, axes: axes, standardised: standardised, inverseDeviation: inverse)
    }
}

/// `y = scale x̂ + bias` per channel, standardised over every sample's groups of channels and all positions.
struct GroupNormalizationRule: BackwardRule {
    /// Instance normalisation has a group a channel.
    let isPerChannel: Bool

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0] else { return result }
        let shape = try step.shape(ofOperand: 0)
        guard shape.rank >= 2 else {
            throw .unsupported(node: step.label, reason: "its operand \(shape) has no channels")
        }
        let channels: Shape = [shape[1]]
        let others = shape.dimensions.indices.filter { $0 != 1 }
        if step.wants(2) {
            result[2] = Cotangent(step.reshape(step.sum(seed, over: others), to: channels), channels)
        }
        guard step.wants(0) || step.wants(1) else { return result }
        let groups = isPerChannel ? shape[1] : step.node.integer("num_groups") ?? 0
        guard groups > 0, shape[1] % groups == 0 else {
            throw .unsupported(node: step.label, reason: "its \(shape[1]) channels are no multiple of \(groups) groups")
        }
        let members = shape[1] / groups * shape.dimensions.dropFirst(2).reduce(1, *)
        let grouped: Shape = [shape[0], groups, members]
        let parts = Standardisation(
            &step, step.reshape(try step.operand(0), to: grouped), shape: grouped, axes: [2],
            epsilon: Double(step.node.float("epsilon") ?? 1e-5))
        if step.wants(0) {
            let perChannel = Shape([shape[1]] + [Int](repeating: 1, count: shape.rank - 2))
            let scaled = step.multiply(seed, step.reshape(try step.operand(1), to: perChannel))
            let value = parts.cotangent(&step, of: step.reshape(scaled, to: grouped))
            result[0] = Cotangent(step.reshape(value, to: shape), shape)
        }
        if step.wants(1) {
            let product = step.multiply(seed, step.reshape(parts.standardised, to: shape))
            result[1] = Cotangent(step.reshape(step.sum(product, over: others), to: channels), channels)
        }
        return result
    }
}

/// `y = (x - μ) / (σ + 1e-9)` over axes; σ has no ε under its root.
struct MeanVarianceNormalizationRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let axes = try (step.node.integers("axes") ?? [0, 2, 3]).map { axis throws(DifferentiationError) in
            try step.axis(axis, rank: shape.rank)
        }
        let x = try step.operand(0)
        let centred = step.subtract(x, step.mean(x, over: axes))
        let variance = step.mean(step.multiply(centred, centred), over: axes)
        let deviation = step.add(step.emit("Sqrt", [variance]), step.scalar(1e-9))
        let parts = Standardisation(
            shape: shape, axes: axes, standardised: try step.result(),
            inverseDeviation: step.emit("Reciprocal", [deviation]))
        return [Cotangent(parts.cotangent(&step, of: seed), shape)]
    }
}
