import Tensors

/// Operators that contract axes: what is contracted merges, and rows of the first operand come before columns of the second.
extension FieldPropagation {
    func product(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard let left = self.shape(node, 0), let right = self.shape(node, 1) else { return nil }
        let first = field(node, 0).map { $0.merged(over: [left.count - 1], merging) }
        let second = field(node, 1).map { $0.merged(over: [max(right.count - 2, 0)], merging) }
        // Vectors are rows and columns whose axis of length 1 the result has not.
        let rank = max(left.count, right.count, 2)
        let full = Array((shape + (left.count == 1 || right.count == 1 ? [1] : [])).suffix(rank))
        let rows = left.count == 1 ? first?.padded(to: 2) : first
        let columns =
            right.count == 1
            ? second.map { ElementField(lengths: $0.lengths + [1], numbers: $0.numbers) } : second
        guard left.count > 1, right.count > 1 else {
            return joined([rows, columns].map { $0?.padded(to: rank) }, full)?.reshaped(from: full, to: shape)
        }
        return joined([rows, columns], shape)
    }

    func linear(_ node: Node, _ shape: [Int]) -> ElementField? {
        func operand(_ index: Int, _ flag: String, contracted: Int) -> ElementField? {
            guard let field = field(node, index), field.rank == 2 else { return nil }
            return (node.integer(flag) == 1 ? field.transposed([1, 0]) : field).merged(over: [contracted], merging)
        }
        return joined(
            [operand(0, "transA", contracted: 1), operand(1, "transB", contracted: 0), field(node, 2)], shape)
    }

    func contracted(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard let equation = node.string("equation")?.filter({ $0 != " " }), !equation.contains("."),
            let arrow = equation.firstRange(of: "->")
        else { return nil }
        let terms = equation[..<arrow.lowerBound].split(separator: ",", omittingEmptySubsequences: false).map(
            Array.init)
        let output = Array(equation[arrow.upperBound...])
        guard terms.count == node.inputs.count, output.count == shape.count else { return nil }
        let parts = terms.indices.map { index -> ElementField? in
            guard let field = field(node, index), field.rank == terms[index].count else { return nil }
            let letters = terms[index]
            guard Set(letters).count == letters.count else { return nil }
            let merged = field.merged(over: letters.indices.filter { !output.contains(letters[$0]) }, merging)
            let order = output.compactMap { letters.firstIndex(of: $0) }
            let lengths = output.map { letter in letters.firstIndex(of: letter).map { merged.lengths[$0] } ?? 1 }
            let moved = ElementField.gathered(
                merged.numbers, lengths: order.map { merged.lengths[$0] }, strides: order.map { merged.strides[$0] })
            return ElementField(lengths: lengths, numbers: moved)
        }
        return joined(parts, shape)
    }

    /// Scaled dot-product attention: a row of the result belongs to its query.
    func attended(_ node: Node, _ shape: [Int]) -> ElementField? {
        let query = field(node, 0).flatMap { $0.rank == shape.count ? $0 : nil }
        guard merging == .influence else { return query }
        let others = [1, 2].compactMap { field(node, $0) }.map { $0.merged(over: Array(0..<$0.rank), merging) }
        return joined([query] + others, shape)
    }

    func reduced(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard let field = field(node, 0), let old = self.shape(node, 0) else { return nil }
        let isArgument = node.operation.hasPrefix("Arg")
        var axes: [Int]
        if isArgument {
            axes = [node.integer("axis") ?? 0]
        } else if node.input(1) == nil {
            axes = []
        } else {
            guard let listed = integers(node, 1) else { return nil }
            axes = listed
        }
        if axes.isEmpty {
            guard node.integer("noop_with_empty_axes") != 1 else { return field }
            axes = Array(old.indices)
        }
        let resolved = axes.compactMap { axis($0, rank: old.count) }
        guard resolved.count == axes.count else { return nil }
        var kept = old
        for axis in resolved { kept[axis] = 1 }
        return field.merged(over: resolved, merging).reshaped(from: kept, to: shape)
    }
}
