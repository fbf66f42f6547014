import Graphs
import Tensors

/// Layer, group and instance normalisation as products of parts: with `c = x - μ`, `d = √(mean c² + ε)`, `x̂ = c / d`:
/// `x̂ - x̂̄ = (c - c̄)(1/d + 1/d̄)/2 + (c + c̄)/2 (1/d - 1/d̄)`, `1/d - 1/d̄ = -mean((c + c̄)(c - c̄)) / (d d̄ (d + d̄))`.
struct StandardisationMultiplierRule: BackwardRule {
    let reference: ReferenceActivations

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard step.resultCotangents.dropFirst().allSatisfy({ $0 == nil }) else {
            throw .unsupported(node: step.label, reason: "DeepLIFT follows only its first result")
        }
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let x = try step.operand(0)
        var epsilon = Double(step.node.float("epsilon") ?? 1e-5)
        var (cotangent, grouped, axes) = (seed, shape, [Int]())
        switch step.node.operation {
        case "LayerNormalization":
            axes = Array(try step.axis(step.node.integer("axis") ?? -1, rank: shape.rank)..<shape.rank)
            cotangent = step.multiply(seed, try step.operand(1))
        case "MeanVarianceNormalization":
            axes = try (step.node.integers("axes") ?? [0, 2, 3]).map { axis throws(DifferentiationError) in
                try step.axis(axis, rank: shape.rank)
            }
            // σ + 1e-9 and √(σ² + 1e-18) differ only where both are next to nothing.
            epsilon = 1e-18
        default:
            guard shape.rank >= 2, shape[1] > 0 else {
                throw .unsupported(node: step.label, reason: "its operand \(shape) has no channels")
            }
            let isInstance = step.node.operation == "InstanceNormalization"
            let groups = isInstance ? shape[1] : step.node.integer("num_groups") ?? 0
            guard groups > 0, shape[1] % groups == 0 else {
                throw .unsupported(
                    node: step.label, reason: "its \(shape[1]) channels are no multiple of \(groups) groups")
            }
            let perChannel = Shape([shape[1]] + [Int](repeating: 1, count: shape.rank - 2))
            grouped = [shape[0], groups, shape[1] / groups * shape.dimensions.dropFirst(2).reduce(1, *)]
            axes = [2]
            cotangent = step.reshape(
                step.multiply(seed, step.reshape(try step.operand(1), to: perChannel)), to: grouped)
        }
        let pair = [x, reference[x]].map { grouped == shape ? $0 : step.reshape($0, to: grouped) }
        let count = axes.reduce(1) { $0 * grouped[$1] }
        let value = multipliers(&step, pair, axes: axes, count: count, epsilon: epsilon, cotangent)
        return step.first(Cotangent(grouped == shape ? value : step.reshape(value, to: shape), shape))
    }

    private func multipliers(
        _ step: inout BackwardStep, _ pair: [ValueID], axes: [Int], count: Int, epsilon: Double, _ cotangent: ValueID
    ) -> ValueID {
        let centred = pair.map { step.subtract($0, step.mean($0, over: axes)) }
        let deviations = centred.map { part in
            let variance = step.mean(step.multiply(part, part), over: axes)
            return step.emit("Sqrt", [step.add(variance, step.scalar(epsilon))])
        }
        let product = step.multiply(deviations[0], deviations[1])
        let sum = step.add(deviations[0], deviations[1])
        let middle = step.scale(step.add(centred[0], centred[1]), by: 0.5)
        let direct = step.multiply(cotangent, step.divide(step.scale(sum, by: 0.5), product))
        let along = step.sum(step.multiply(cotangent, middle), over: axes)
        let coupling = step.divide(along, step.multiply(product, sum))
        let spread = step.multiply(middle, step.scale(coupling, by: 2 / Double(max(count, 1))))
        let total = step.subtract(direct, spread)
        return step.subtract(total, step.mean(total, over: axes))
    }
}

/// Euclidean norms `n = √Σ x²` and vectors divided by them: `n - n̄ = Σ (x + x̄)(x - x̄) / (n + n̄)`.
struct NormMultiplierRule: BackwardRule {
    let reference: ReferenceActivations

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let x = try step.operand(0)
        let isReduction = step.node.operation == "ReduceL2"
        guard isReduction || step.node.integer("p") ?? 2 == 2 else {
            throw .unsupported(node: step.label, reason: "DeepLIFT has multipliers for the Euclidean norm only")
        }
        let axes =
            isReduction
            ? try step.reducedAxes(rank: shape.rank)
            : [try step.axis(step.node.integer("axis") ?? -1, rank: shape.rank)]
        var kept = shape
        for axis in axes { kept.dimensions[axis] = 1 }
        let norms = [x, reference[x]].map { value in
            let norm = step.emit("ReduceL2", [value, step.integers(axes)], ["keepdims": .integer(1)])
            // A vector of zeros passes nothing.
            return step.emit("Where", [step.emit("Equal", [norm, step.scalar(0)]), step.scalar(.infinity), norm])
        }
        let middle = step.scale(step.add(x, reference[x]), by: 0.5)
        let sum = step.add(norms[0], norms[1])
        guard !isReduction else {
            let aligned = try step.shape(ofResult: 0) == kept ? seed : step.reshape(seed, to: kept)
            let value = step.multiply(aligned, step.divide(step.scale(middle, by: 2), sum))
            return step.first(Cotangent(value, shape))
        }
        let inverses = norms.map { step.emit("Reciprocal", [$0]) }
        let direct = step.multiply(seed, step.scale(step.add(inverses[0], inverses[1]), by: 0.5))
        let along = step.sum(step.multiply(seed, middle), over: axes)
        let coupling = step.multiply(step.multiply(along, inverses[0]), inverses[1])
        let spread = step.multiply(step.divide(step.scale(middle, by: 2), sum), coupling)
        return step.first(Cotangent(step.subtract(direct, spread), shape))
    }
}

/// Local response normalisation, `y = x P`, `P = D^-β`, `D = bias + α/n Σ_window x²`: a product whose second factor is rescaled.
struct LRNMultiplierRule: BackwardRule {
    let reference: ReferenceActivations

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let x = try step.operand(0)
        let response = LocalResponse(step.node)
        let bases = [x, reference[x]].map { response.base(&step, $0, shape) }
        let powers = bases.map { step.emit("Pow", [$0, step.scalar(-response.beta)]) }
        let derivative = step.scale(
            step.emit("Pow", [bases[0], step.scalar(-response.beta - 1)]), by: -response.beta)
        let difference = ReferenceDifference(&step, bases[0], bases[1])
        let slope = difference.multiplier(&step, of: step.subtract(powers[0], powers[1]), else: derivative)
        let middle = step.scale(step.add(x, reference[x]), by: 0.5)
        let direct = step.multiply(seed, step.scale(step.add(powers[0], powers[1]), by: 0.5))
        let weighted = step.multiply(step.multiply(seed, middle), slope)
        let spread = response.windowSum(&step, weighted, shape, isTransposed: true)
        let coupled = step.scale(step.multiply(middle, spread), by: 2 * response.alpha / Double(response.size))
        return step.first(Cotangent(step.add(direct, coupled), shape))
    }
}
