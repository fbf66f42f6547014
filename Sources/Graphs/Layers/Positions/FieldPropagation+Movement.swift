import Tensors

/// Operators that only move elements.
extension FieldPropagation {
    func reshaped(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard let field = field(node, 0), let old = self.shape(node, 0) else { return nil }
        return field.reshaped(from: old, to: shape)
    }

    func transposed(_ node: Node) -> ElementField? {
        guard let field = field(node, 0) else { return nil }
        let permutation = node.integers("perm") ?? Array((0..<field.rank).reversed())
        guard permutation.sorted() == Array(0..<field.rank) else { return nil }
        return field.transposed(permutation)
    }

    func sliced(_ node: Node) -> ElementField? {
        guard var field = field(node, 0), let shape = shape(node, 0), let starts = integers(node, 1),
            let ends = integers(node, 2), starts.count == ends.count
        else { return nil }
        let axes = node.input(3) == nil ? Array(starts.indices) : integers(node, 3) ?? []
        let steps = node.input(4) == nil ? starts.map { _ in 1 } : integers(node, 4) ?? []
        guard axes.count == starts.count, steps.count == starts.count else { return nil }
        for index in axes.indices {
            guard let axis = axis(axes[index], rank: shape.count), steps[index] != 0 else { return nil }
            let length = shape[axis]
            let range = Self.positions(from: starts[index], to: ends[index], by: steps[index], length: length)
            guard !range.isEmpty else { return nil }
            field = field.selecting(range, along: axis)
        }
        return field.compressed()
    }

    /// ONNX's rule for slices: negative bounds count from the end, all are clamped.
    private static func positions(from start: Int, to end: Int, by step: Int, length: Int) -> [Int] {
        func clamped(_ bound: Int, _ range: ClosedRange<Int>) -> Int {
            let resolved = bound < 0 ? max(bound, -length - 1) + length : bound
            return min(max(resolved, range.lowerBound), range.upperBound)
        }
        if step > 0 {
            return Array(
                stride(from: clamped(start, 0...length), to: clamped(end, 0...length), by: min(step, length + 1)))
        }
        return Array(
            stride(
                from: clamped(start, 0...max(length - 1, 0)), to: clamped(end, -1...length - 1),
                by: max(step, -length - 1)))
    }

    func split(_ node: Node, _ index: Int) -> ElementField? {
        guard let field = field(node, 0), let axis = axis(node.integer("axis") ?? 0, rank: field.rank) else {
            return nil
        }
        let sizes = node.outputs.map { $0.flatMap { graph.shape(of: $0)?.dimensions[axis] } }
        let known = sizes.compactMap { $0 }
        guard known.count == sizes.count else { return nil }
        let start = known[..<index].reduce(0, +)
        return field.selecting(Array(start..<start + known[index]), along: axis).compressed()
    }

    func gathered(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard let field = field(node, 0), let indices = self.shape(node, 1),
            let axis = axis(node.integer("axis") ?? 0, rank: field.rank), let old = self.shape(node, 0)
        else { return nil }
        let count = indices.reduce(1, *)
        var flat = old
        flat[axis] = count
        guard field.lengths[axis] > 1 else { return field.reshaped(from: flat, to: shape) }
        guard let positions = integers(node, 1) else {
            return merging == .influence ? ElementField(1, rank: shape.count) : nil
        }
        let selected = field.selecting(positions.map { $0 < 0 ? $0 + old[axis] : $0 }, along: axis)
        return selected.compressed().reshaped(from: flat, to: shape)
    }

    func concatenated(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard let axis = axis(node.integer("axis") ?? 0, rank: shape.count) else { return nil }
        let sizes = node.inputs.map { $0.flatMap { graph.shape(of: $0)?.dimensions } }.map { $0?[axis] ?? 0 }
        guard sizes.reduce(0, +) == shape[axis] else { return nil }
        var parts = node.inputs.indices.map { field(node, $0) }
        if merging == .influence { parts = parts.map { $0 ?? ElementField(0, rank: shape.count) } }
        if merging == .coordinates {
            parts = ElementField.sharingPlaces(parts, sizes: sizes, along: axis)
            if let one = ElementField.interleaved(parts, along: axis) { return one.compressed() }
        }
        return ElementField.concatenated(parts, sizes: sizes, along: axis, rank: shape.count)
    }

    func padded(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard var field = field(node, 0), let old = self.shape(node, 0), let pads = integers(node, 1) else {
            return nil
        }
        let axes = node.input(3) == nil ? Array(old.indices) : integers(node, 3) ?? []
        guard pads.count == 2 * axes.count else { return nil }
        for (index, axis) in axes.enumerated() {
            guard let axis = self.axis(axis, rank: old.count) else { return nil }
            let begin = pads[index]
            guard begin != 0 || pads[axes.count + index] != 0 else { continue }
            if merging == .coordinates, !field.isMonotonic(along: axis) {
                // Further channels or tokens: only a grid goes on beyond its ends.
                field = field.selecting((0..<shape[axis]).map { $0 - begin }, along: axis, beyond: .nan)
                continue
            }
            let centres = (0..<shape[axis]).map { Double($0 - begin) }
            field = field.resampled(at: centres, along: axis, of: old[axis], merging)
        }
        return field
    }

    /// Elements at constant places replaced: how exporters write assignments to parts of a tensor.
    func scattered(_ node: Node, _ shape: [Int]) -> ElementField? {
        let unknown = merging == .influence ? ElementField(1, rank: shape.count) : nil
        guard ["none", nil].contains(node.string("reduction")), let indices = integers(node, 1),
            let indexShape = self.shape(node, 1), let count = indexShape.last, (1...shape.count).contains(count),
            let updated = self.shape(node, 2), updated.count == indexShape.count - 1 + shape.count - count
        else { return unknown }
        let none = merging == .influence ? 0 : Double.nan
        let data = field(node, 0) ?? ElementField(none, rank: shape.count)
        let updates = field(node, 2) ?? ElementField(none, rank: updated.count)
        // Behind the axes that indices name, both keep what they vary along.
        let inner = zip(data.lengths[count...], updates.lengths[(indexShape.count - 1)...]).map { max($0, $1) }
        let lengths = shape[..<count] + inner
        let block = inner.reduce(1, *)
        guard lengths.reduce(1, *) <= Self.largestField else { return unknown }
        var numbers = data.stored(along: shape.indices, of: Array(lengths)).numbers
        let rows = updates.stored(along: updated.indices, of: Array(updated[..<(indexShape.count - 1)]) + inner).numbers
        guard rows.count == indices.count / count * block else { return unknown }
        for row in 0..<indices.count / count {
            var position = 0
            for axis in 0..<count {
                let index = indices[row * count + axis]
                position = position * shape[axis] + (index < 0 ? index + shape[axis] : index)
            }
            guard position >= 0, (position + 1) * block <= numbers.count else { return unknown }
            numbers.replaceSubrange(
                position * block..<(position + 1) * block, with: rows[row * block..<(row + 1) * block])
        }
        return ElementField(lengths: Array(lengths), numbers: numbers).compressed()
    }

    /// Fields of more numbers are given up.
    private static let largestField = 1 << 23

    func tiled(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard var field = field(node, 0), let old = self.shape(node, 0), old.count == shape.count else { return nil }
        for axis in old.indices where shape[axis] != old[axis] && field.lengths[axis] > 1 {
            field = field.selecting((0..<shape[axis]).map { $0 % old[axis] }, along: axis)
        }
        return field
    }

    func spaceToDepth(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard let field = field(node, 0), let old = self.shape(node, 0), old.count == 4,
            let block = node.integer("blocksize"), block > 0
        else { return nil }
        let split = [old[0], old[1], old[2] / block, block, old[3] / block, block]
        let moved = [0, 3, 5, 1, 2, 4]
        return field.reshaped(from: old, to: split)?.transposed(moved)
            .reshaped(from: moved.map { split[$0] }, to: shape)
    }

    func depthToSpace(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard let field = field(node, 0), let old = self.shape(node, 0), old.count == 4,
            let block = node.integer("blocksize"), block > 0
        else { return nil }
        // Channels of one place become places of their own around it.
        if field.lengths[1] == 1 { return spread(field, from: old, to: shape) }
        let channels = old[1] / (block * block)
        let columnRowDepth = node.string("mode") == "CRD"
        let split =
            columnRowDepth
            ? [old[0], channels, block, block, old[2], old[3]] : [old[0], block, block, channels, old[2], old[3]]
        let moved = columnRowDepth ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]
        return field.reshaped(from: old, to: split)?.transposed(moved)
            .reshaped(from: moved.map { split[$0] }, to: shape)
    }
}
