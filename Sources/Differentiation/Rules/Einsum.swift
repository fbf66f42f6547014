import Graphs
import Tensors

/// A sum of products over labelled axes: every operand gets the seed times the other operands, summed over the labels
/// that the operand lacks.
///
/// Products are taken pair by pair as batched matrix products: the engine's Einsum moves more data than they need.
struct EinsumRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0] else { return result }
        let text = step.node.string("equation") ?? ""
        let shapes = try step.node.inputs.indices.map { index throws(DifferentiationError) in
            try step.shape(ofOperand: index)
        }
        guard let equation = EinsumEquation(text, ranks: shapes.map(\.rank)) else {
            throw .unsupported(node: step.label, reason: "its equation '\(text)' does not fit its operands")
        }
        let factors = try shapes.indices.map { index throws(DifferentiationError) in
            LabelledValue(try step.operand(index), equation.operands[index], shapes[index])
        }
        let start = LabelledValue(seed, equation.result, try step.shape(ofResult: 0))
        for index in shapes.indices where step.wants(index) {
            let own = Set(equation.operands[index])
            var product = start
            var others = factors
            others.remove(at: index)
            while !others.isEmpty {
                let other = others.removeFirst()
                let needed = others.reduce(own) { $0.union($1.labels) }
                product = step.product(product, other, keeping: needed)
            }
            product = step.summed(product, keeping: own)
            result[index] = step.spread(product, over: equation.operands[index], shapes[index])
        }
        return result
    }
}

/// A value whose axes have labels.
private struct LabelledValue {
    var value: ValueID
    var labels: [Int]
    var shape: Shape

    init(_ value: ValueID, _ labels: [Int], _ shape: Shape) {
        self.value = value
        self.labels = labels
        self.shape = shape
    }

    func length(_ label: Int) -> Int? { labels.firstIndex(of: label).map { shape[$0] } }

    func axis(_ label: Int) -> Int? { labels.firstIndex(of: label) }
}

extension BackwardStep {
    /// The sum over axes, which go.
    private mutating func removing(_ axes: [Int], from operand: LabelledValue) -> LabelledValue {
        guard !axes.isEmpty else { return operand }
        let kept = operand.labels.indices.filter { !axes.contains($0) }
        let value = emit("ReduceSum", [operand.value, integers(axes)], ["keepdims": .integer(0)])
        return LabelledValue(value, kept.map { operand.labels[$0] }, Shape(kept.map { operand.shape[$0] }))
    }

    /// The sum over all labels but these; of a label that stands twice, only the diagonal counts.
    fileprivate mutating func summed(_ operand: LabelledValue, keeping needed: Set<Int>) -> LabelledValue {
        var result = operand
        while let (first, second) = repeatedAxes(result.labels) {
            result.value = multiply(result.value, identity(first, second, of: result.shape))
            result = removing([second], from: result)
        }
        return removing(result.labels.indices.filter { !needed.contains(result.labels[$0]) }, from: result)
    }

    /// The positions of the first label that stands twice.
    private func repeatedAxes(_ labels: [Int]) -> (Int, Int)? {
        for (second, label) in labels.enumerated() {
            if let first = labels[..<second].firstIndex(of: label) { return (first, second) }
        }
        return nil
    }

    /// 1 where two axes have the same position, else 0; all other axes have the length 1.
    private mutating func identity(_ first: Int, _ second: Int, of shape: Shape) -> ValueID {
        let length = shape[first]
        var elements = [Double](repeating: 0, count: length * length)
        for position in 0..<length { elements[position * length + position] = 1 }
        var lengths = [Int](repeating: 1, count: shape.rank)
        (lengths[first], lengths[second]) = (length, length)
        return constant(elements, shape: Shape(lengths))
    }

    /// `Σ left · right` over the labels that are not in `needed`.
    fileprivate mutating func product(
        _ left: LabelledValue, _ right: LabelledValue, keeping needed: Set<Int>
    ) -> LabelledValue {
        var left = summed(left, keeping: needed.union(right.labels))
        var right = summed(right, keeping: needed.union(left.labels))
        // A summed label of length 1 on one side only is a sum on the other.
        for label in left.labels where !needed.contains(label) {
            guard let (one, other) = left.length(label).flatMap({ one in right.length(label).map { (one, $0) } }),
                one != other
            else { continue }
            left = summed(left, keeping: Set(left.labels).subtracting([label]))
            right = summed(right, keeping: Set(right.labels).subtracting([label]))
        }
        let common = left.labels.filter(right.labels.contains)
        let contracted = common.filter { !needed.contains($0) }
        return contracted.isEmpty ? outerProduct(left, right) : matrixProduct(left, right, contracted)
    }

    /// The product without a sum, as one broadcast multiplication.
    private mutating func outerProduct(_ left: LabelledValue, _ right: LabelledValue) -> LabelledValue {
        let labels = left.labels + right.labels.filter { !left.labels.contains($0) }
        let value = multiply(aligned(left, to: labels), aligned(right, to: labels))
        let lengths = labels.map { broadcast($0, left, right) }
        return LabelledValue(value, labels, Shape(lengths))
    }

    private func broadcast(_ label: Int, _ left: LabelledValue, _ right: LabelledValue) -> Int {
        let (one, other) = (left.length(label) ?? 1, right.length(label) ?? 1)
        return one == 1 ? other : one
    }

    /// The product summed over the labels that both have and the result lacks, as a batched matrix product.
    private mutating func matrixProduct(
        _ left: LabelledValue, _ right: LabelledValue, _ contracted: [Int]
    ) -> LabelledValue {
        let batch = left.labels.filter { right.labels.contains($0) && !contracted.contains($0) }
        let rows = left.labels.filter { !right.labels.contains($0) }
        let columns = right.labels.filter { !left.labels.contains($0) }
        let a = matrices(left, batch, rows, contracted)
        let b = matrices(right, batch, contracted, columns)
        let labels = batch + rows + columns
        let shape = Shape(labels.map { broadcast($0, left, right) })
        let product = emit("MatMul", [a, b])
        let isShaped = rows.count == 1 && columns.count == 1
        return LabelledValue(isShaped ? product : reshape(product, to: shape), labels, shape)
    }

    /// The operand as `[batch..., rows, columns]`.
    private mutating func matrices(
        _ operand: LabelledValue, _ batch: [Int], _ rows: [Int], _ columns: [Int]
    ) -> ValueID {
        let ordered = aligned(operand, to: batch + rows + columns)
        guard rows.count != 1 || columns.count != 1 else { return ordered }
        func count(_ labels: [Int]) -> Int { labels.reduce(1) { $0 * (operand.length($1) ?? 1) } }
        return reshape(ordered, to: Shape(batch.map { operand.length($0) ?? 1 } + [count(rows), count(columns)]))
    }

    /// The operand with its axes in another order; labels that it lacks get an axis of length 1.
    private mutating func aligned(_ operand: LabelledValue, to labels: [Int]) -> ValueID {
        let present = labels.filter(operand.labels.contains)
        let value = transpose(operand.value, present.compactMap(operand.axis))
        guard present.count < labels.count else { return value }
        return reshape(value, to: Shape(labels.map { operand.length($0) ?? 1 }))
    }

    /// The product under an operand's labels: repeated along those that nothing else has, on the diagonal of those that
    /// stand twice.
    fileprivate mutating func spread(_ product: LabelledValue, over labels: [Int], _ shape: Shape) -> Cotangent {
        let firsts = labels.map { labels.firstIndex(of: $0) ?? 0 }
        let unique = labels.indices.filter { firsts[$0] == $0 }.map { labels[$0] }
        var value = aligned(product, to: unique)
        var lengths = labels.indices.map { firsts[$0] == $0 ? product.length(labels[$0]) ?? 1 : 1 }
        if unique.count < labels.count { value = reshape(value, to: Shape(lengths)) }
        for axis in labels.indices where firsts[axis] != axis {
            value = multiply(value, identity(firsts[axis], axis, of: shape))
            (lengths[firsts[axis]], lengths[axis]) = (shape[axis], shape[axis])
        }
        let full = zip(lengths, shape.dimensions).map { $0 == 1 ? $1 : $0 }
        return Cotangent(lengths == full ? value : expand(value, to: Shape(full)), Shape(full))
    }
}
