import Graphs
import Tensors

extension BackwardStep {
    /// Zeros of a shape.
    mutating func zeros(_ shape: Shape) -> ValueID { expand(scalar(0), to: shape) }

    /// The transposed slice: zeros of `shape` in which `value` stands at `starts[axis] + i * steps[axis]`.
    ///
    /// Strides become blocks of one element and zeros behind it; the rest is padding, which also crops the zeros of the
    /// last block.
    mutating func transposedSlice(
        _ value: ValueID, _ valueShape: Shape, into shape: Shape, starts: [Int], steps: [Int]
    ) -> ValueID {
        guard valueShape.count > 0 else { return zeros(shape) }
        let reversed = valueShape.dimensions.indices.filter { steps[$0] < 0 && valueShape[$0] > 1 }
        var current = reverse(value, along: reversed)
        var lengths = valueShape.dimensions
        var first = starts
        for axis in lengths.indices where lengths[axis] > 1 {
            if steps[axis] < 0 { first[axis] = starts[axis] + (lengths[axis] - 1) * steps[axis] }
            let stride = abs(steps[axis])
            guard stride > 1 else { continue }
            current = interleavedWithZeros(current, Shape(lengths), axis: axis, stride: stride)
            lengths[axis] *= stride
        }
        let ends = lengths.indices.map { shape[$0] - first[$0] - lengths[$0] }
        return pad(current, begins: first, ends: ends)
    }

    /// `value` with `begins` zeros before and `ends` zeros behind each axis; negative numbers crop.
    mutating func pad(_ value: ValueID, begins: [Int], ends: [Int]) -> ValueID {
        (begins + ends).allSatisfy { $0 == 0 } ? value : emit("Pad", [value, integers(begins + ends)])
    }

    /// The elements along some axes in reverse order.
    mutating func reverse(_ value: ValueID, along axes: [Int]) -> ValueID {
        guard !axes.isEmpty else { return value }
        let (start, end) = ([Int](repeating: -1, count: axes.count), [Int](repeating: Int.min, count: axes.count))
        return emit("Slice", [value, integers(start), integers(end), integers(axes), integers(start)])
    }

    /// Every element along an axis with `stride - 1` zeros behind it.
    private mutating func interleavedWithZeros(
        _ value: ValueID, _ shape: Shape, axis: Int, stride: Int
    ) -> ValueID {
        var single = shape.dimensions
        single.insert(1, at: axis + 1)
        var gap = single
        gap[axis + 1] = stride - 1
        var merged = shape.dimensions
        merged[axis] *= stride
        let blocks = emit(
            "Concat", [reshape(value, to: Shape(single)), zeros(Shape(gap))], ["axis": .integer(axis + 1)])
        return reshape(blocks, to: Shape(merged))
    }

    /// An axis of a tensor, counted from the front.
    func normalised(axis: Int, rank: Int) throws(DifferentiationError) -> Int {
        guard (-rank..<rank).contains(axis) else {
            throw .unsupported(node: label, reason: "it has no axis \(axis) among its \(rank)")
        }
        return axis < 0 ? axis + rank : axis
    }
}

/// A part along axes: zeros with the seed where the part came from.
struct SliceRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let (shape, taken) = (try step.shape(ofOperand: 0), try step.shape(ofResult: 0))
        let given = try step.constantIntegers(1) ?? []
        let axes = try step.constantIntegers(3) ?? Array(given.indices)
        let strides = try step.constantIntegers(4) ?? [Int](repeating: 1, count: axes.count)
        guard given.count == axes.count, strides.count == axes.count, !strides.contains(0) else {
            throw .unsupported(node: step.label, reason: "its starts, axes and steps do not fit together")
        }
        var starts = [Int](repeating: 0, count: shape.rank)
        var steps = [Int](repeating: 1, count: shape.rank)
        for (position, axis) in axes.enumerated() {
            let axis = try step.normalised(axis: axis, rank: shape.rank)
            let start = given[position] < 0 ? given[position] + shape[axis] : given[position]
            steps[axis] = strides[position]
            starts[axis] = min(max(start, 0), steps[axis] > 0 ? shape[axis] : shape[axis] - 1)
        }
        let value = step.transposedSlice(seed, taken, into: shape, starts: starts, steps: steps)
        result[0] = Cotangent(value, shape)
        return result
    }
}

/// Parts along an axis: the seeds side by side, zeros for parts that nothing depends on.
struct SplitRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard step.wants(0) else { return result }
        let shape = try step.shape(ofOperand: 0)
        let axis = try step.normalised(axis: step.node.integer("axis") ?? 0, rank: shape.rank)
        let sizes = try sizes(&step, length: shape[axis], axis: axis)
        let seeds = step.resultCotangents
        guard let first = seeds.firstIndex(where: { $0 != nil }), let last = seeds.lastIndex(where: { $0 != nil })
        else { return result }
        var parts: [ValueID] = []
        for index in first...last {
            var lengths = shape.dimensions
            lengths[axis] = sizes[index]
            parts.append(seeds[index] ?? step.zeros(Shape(lengths)))
        }
        let joined = parts.count == 1 ? parts[0] : step.emit("Concat", parts, ["axis": .integer(axis)])
        var begins = [Int](repeating: 0, count: shape.rank)
        var ends = begins
        begins[axis] = sizes[..<first].reduce(0, +)
        ends[axis] = sizes[(last + 1)...].reduce(0, +)
        result[0] = Cotangent(step.pad(joined, begins: begins, ends: ends), shape)
        return result
    }

    /// The length of every part, also of those whose shape nobody asked for.
    private func sizes(_ step: inout BackwardStep, length: Int, axis: Int) throws(DifferentiationError) -> [Int] {
        let parts = step.node.outputs.count
        guard let given = step.node.input(1) else {
            // Equal parts, the last one smaller where they do not divide evenly.
            let part = (length + parts - 1) / max(parts, 1)
            return (0..<parts).map { min(part, max(length - $0 * part, 0)) }
        }
        if let constant = step.graph[given].constant, constant.integers.count == parts { return constant.integers }
        return try (0..<parts).map { index throws(DifferentiationError) in try step.shape(ofResult: index)[axis] }
    }
}

/// Cropped or zero-padded around the centre: the same the other way round.
struct CenterCropPadRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let (shape, centred) = (try step.shape(ofOperand: 0), try step.shape(ofResult: 0))
        // Of an odd difference the smaller half lies before, both when cropping and when padding.
        let begins = zip(shape.dimensions, centred.dimensions).map { ($0 - $1) / 2 }
        let ends = shape.dimensions.indices.map { shape[$0] - centred[$0] - begins[$0] }
        result[0] = Cotangent(step.pad(seed, begins: begins, ends: ends), shape)
        return result
    }
}
