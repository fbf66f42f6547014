import Graphs
import Tensors

/// A reduction over axes: every operand element gets the seed of its group times what the kind says.
struct ReductionRule: BackwardRule {
    enum Kind: Sendable {
        case sum, mean
        /// `y = Σ |x|`: `g sign x`, 0 at 0.
        case absoluteSum
        /// `y = Σ x²`: `2 g x`.
        case squareSum
        /// `y = √Σ x²`: `g x / y`, 0 where all are 0.
        case norm
        /// `y = log Σ x`: `g exp(-y)`.
        case logSum
        /// `y = log Σ exp x`: `g exp(x - y)`.
        case logSumExp
        /// `y = Π x`: `g` times the product of the others.
        case product
        /// The largest or smallest: `g` in even shares among equals, as PyTorch's `amax` and `amin` have it.
        case extremum
    }

    let kind: Kind

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let given = step.resultCotangents[0], step.wants(0) else { return result }
        let shape = try step.shape(ofOperand: 0)
        let axes = try step.reducedAxes(rank: shape.rank)
        var kept = shape
        for axis in axes { kept.dimensions[axis] = 1 }
        let isAligned = try step.shape(ofResult: 0) == kept
        func aligned(_ value: ValueID) -> ValueID { isAligned ? value : step.reshape(value, to: kept) }
        let seed = aligned(given)
        let x = try step.operand(0)
        let y = kind.needsResult ? aligned(try step.result()) : seed
        let value: ValueID
        switch kind {
        case .sum: value = seed
        case .mean: value = step.scale(seed, by: 1 / Double(max(axes.reduce(1) { $0 * shape[$1] }, 1)))
        case .absoluteSum: value = step.multiply(seed, step.sign(x))
        case .squareSum: value = step.multiply(step.scale(seed, by: 2), x)
        case .norm: value = step.multiply(step.divide(seed, step.add(y, step.isEqual(y, step.scalar(0)))), x)
        case .logSum: value = step.multiply(seed, step.emit("Exp", [step.negate(y)]))
        case .logSumExp:
            // A group of nothing but -inf has the result -inf, and the difference would be no number.
            let finite = step.emit("Max", [y, step.scalar(-Double(Float.greatestFiniteMagnitude))])
            value = step.multiply(seed, step.emit("Exp", [step.subtract(x, finite)]))
        case .product: value = product(&step, seed, x, axes)
        case .extremum:
            let mask = step.isEqual(x, y)
            value = step.multiply(step.divide(seed, step.sum(mask, over: axes)), mask)
        }
        result[0] = Cotangent(kind.fillsOperand ? value : step.expand(value, to: shape), shape)
        return result
    }

    /// The product of the others is the product of all that are not 0, divided by the element; a group with a zero passes
    /// something only to that zero, one with two passes nothing.
    private func product(
        _ step: inout BackwardStep, _ seed: ValueID, _ x: ValueID, _ axes: [Int]
    ) -> ValueID {
        guard !axes.isEmpty else { return seed }
        let isZero = step.isEqual(x, step.scalar(0))
        let nonzero = step.add(x, isZero)
        let product = step.emit("ReduceProd", [nonzero, step.integers(axes)], ["keepdims": .integer(1)])
        let passes = step.isEqual(step.sum(isZero, over: axes), isZero)
        return step.divide(step.multiply(passes, step.multiply(seed, product)), nonzero)
    }
}

extension BackwardStep {
    /// The axes that a reduction sums over, counted from the front.
    func reducedAxes(rank: Int) throws(DifferentiationError) -> [Int] {
        let given = try constantIntegers(1) ?? []
        if given.isEmpty { return node.integer("noop_with_empty_axes") ?? 0 != 0 ? [] : Array(0..<rank) }
        return try given.map { axis throws(DifferentiationError) in try normalised(axis: axis, rank: rank) }
    }
}

extension ReductionRule.Kind {
    fileprivate var needsResult: Bool {
        switch self {
        case .norm, .logSum, .logSumExp, .extremum: true
        case .sum, .mean, .absoluteSum, .squareSum, .product: false
        }
    }

    /// Whether the product with the operand has brought the cotangent to the operand's shape.
    fileprivate var fillsOperand: Bool {
        switch self {
        case .sum, .mean, .logSum: false
        case .absoluteSum, .squareSum, .norm, .logSumExp, .product, .extremum: true
        }
    }
}
