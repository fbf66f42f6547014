import Graphs
import Tensors

extension BackwardStep {
    /// The transposed Gather along an axis: zeros of `shape` to which the slabs of `value` are added where `sources` says.
    ///
    /// `value` has one slab per source along `axis`. Evenly spaced sources are a transposed slice; otherwise every slab of
    /// the result gathers what was taken from it, from a padding slab of zeros where nothing was.
    mutating func transposedGather(_ value: ValueID, sources: [Int], into shape: Shape, axis: Int) -> ValueID {
        guard let first = sources.first, shape.count > 0 else { return zeros(shape) }
        var slabs = shape
        slabs.dimensions[axis] = sources.count
        let stride = sources.count > 1 ? sources[1] - first : 1
        if stride != 0, sources.indices.allSatisfy({ sources[$0] == first + $0 * stride }) {
            var starts = [Int](repeating: 0, count: shape.rank)
            var steps = [Int](repeating: 1, count: shape.rank)
            (starts[axis], steps[axis]) = (first, stride)
            return transposedSlice(value, slabs, into: shape, starts: starts, steps: steps)
        }
        var takers = [[Int]](repeating: [], count: shape[axis])
        for (position, source) in sources.enumerated() { takers[source].append(position) }
        let most = takers.map(\.count).max() ?? 1
        guard most * takers.count <= 4 * (sources.count + takers.count) else {
            return scatteredSlabs(value, integers(sources), count: sources.count, into: shape, axis: axis)
        }
        var table: [Int64] = []
        for taker in takers {
            table += taker.map { Int64($0) }
            table += [Int64](repeating: Int64(sources.count), count: most - taker.count)
        }
        var padded = value
        if table.contains(Int64(sources.count)) {
            var slab = shape
            slab.dimensions[axis] = 1
            padded = emit("Concat", [value, zeros(slab)], ["axis": .integer(axis)])
        }
        let positions = most == 1 ? Tensor(vector: table) : Tensor(matrix: table, columns: most)
        let index = graph.addConstant(AnyTensor(positions), name: "positions")
        let taken = emit("Gather", [padded, index], ["axis": .integer(axis)])
        return most == 1
            ? taken : emit("ReduceSum", [taken, integers([axis + 1])], ["keepdims": .integer(0)])
    }

    /// The same where only the run tells the sources.
    mutating func scatteredSlabs(
        _ value: ValueID, _ sources: ValueID, count: Int, into shape: Shape, axis: Int
    ) -> ValueID {
        var permutation = Array(0..<shape.rank)
        permutation.swapAt(0, axis)
        let target = Shape(permutation.map { shape[$0] })
        let updates = transpose(value, permutation)
        let scattered = emit(
            "ScatterND", [zeros(target), reshape(sources, to: [count, 1]), updates], ["reduction": .string("add")])
        return transpose(scattered, permutation)
    }
}

extension Tensor where Scalar == Int64 {
    /// A matrix over a whole number of rows.
    fileprivate init(matrix elements: [Int64], columns: Int) {
        self.init(repeating: 0, shape: [elements.count / columns, columns])
        mutateElements { $0 = elements }
    }
}

/// Slabs of an axis taken by index: each slab's seed is added where it was taken.
struct GatherRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let axis = try step.normalised(axis: step.node.integer("axis") ?? 0, rank: shape.rank)
        let indices = try step.operand(1)
        var slabs = shape
        slabs.dimensions[axis] = try step.shape(of: indices).count
        let flat = try step.shape(ofResult: 0) == slabs ? seed : step.reshape(seed, to: slabs)
        guard let constant = step.graph[indices].constant else {
            let value = step.scatteredSlabs(flat, indices, count: slabs[axis], into: shape, axis: axis)
            return [Cotangent(value, shape), nil]
        }
        let length = shape[axis]
        let sources = constant.integers.map { $0 < 0 ? $0 + length : $0 }
        guard sources.allSatisfy((0..<length).contains) else {
            throw .unsupported(node: step.label, reason: "its indices leave an axis of length \(length)")
        }
        return [Cotangent(step.transposedGather(flat, sources: sources, into: shape, axis: axis), shape), nil]
    }
}

/// The slabs of an axis, or the elements of the whole, where a constant condition holds.
struct CompressRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let condition = try step.constantIntegers(1) ?? []
        let sources = condition.indices.filter { condition[$0] != 0 }
        guard let given = step.node.integer("axis") else {
            let flat = step.transposedGather(seed, sources: sources, into: [shape.count], axis: 0)
            return [Cotangent(step.reshape(flat, to: shape), shape), nil]
        }
        let axis = try step.normalised(axis: given, rank: shape.rank)
        return [Cotangent(step.transposedGather(seed, sources: sources, into: shape, axis: axis), shape), nil]
    }
}

/// Single elements taken by index along an axis: each seed is added where its element was taken.
struct GatherElementsRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let value = step.emit(
            "ScatterElements", [step.zeros(shape), try step.operand(1), seed],
            ["axis": .integer(step.node.integer("axis") ?? 0), "reduction": .string("add")])
        return [Cotangent(value, shape), nil]
    }
}

/// Elements or slabs taken by coordinates: each seed is added where it was taken.
struct GatherNDRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        var indices = try step.operand(1)
        let indexShape = try step.shape(of: indices)
        let batchRank = step.node.integer("batch_dims") ?? 0
        if batchRank > 0 {
            guard batchRank < min(indexShape.rank, shape.rank) else {
                throw .unsupported(node: step.label, reason: "its batch_dims \(batchRank) leave no axis to index")
            }
            indices = step.emit(
                "Concat", [coordinates(&step, of: indexShape, batchRank: batchRank), indices],
                ["axis": .integer(indexShape.rank - 1)])
        }
        let value = step.emit("ScatterND", [step.zeros(shape), indices, seed], ["reduction": .string("add")])
        return [Cotangent(value, shape), nil]
    }

    /// The batch coordinates of every index: ScatterND knows no batch axes.
    private func coordinates(_ step: inout BackwardStep, of indexShape: Shape, batchRank: Int) -> ValueID {
        let outer = Shape(Array(indexShape.dimensions.dropLast()))
        let strides = outer.strides
        var tensor = Tensor<Int64>(repeating: 0, shape: Shape(outer.dimensions + [batchRank]))
        tensor.mutateElements { elements in
            for position in 0..<outer.count {
                for axis in 0..<batchRank {
                    elements[position * batchRank + axis] = Int64(position / strides[axis] % outer[axis])
                }
            }
        }
        return step.graph.addConstant(AnyTensor(tensor), name: "coordinates")
    }
}

/// The k largest or smallest elements of an axis: each seed goes back where its element stood.
struct TopKRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let indices = step.graph.requireOutput(1, ofNode: step.position)
        let value = step.emit(
            "ScatterElements", [step.zeros(shape), indices, seed],
            ["axis": .integer(step.node.integer("axis") ?? -1)])
        return [Cotangent(value, shape), nil]
    }
}

/// Two numbers, one for a hit and one for the rest: each gets the sum of the seeds where it stands.
///
/// The indices and the depth are integers and carry nothing.
struct OneHotRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(2) else { return step.none }
        let hits = step.emit(
            "OneHot", [try step.operand(0), try step.operand(1), step.constant([0, 1], shape: [2])],
            ["axis": .integer(step.node.integer("axis") ?? -1)])
        let rank = try step.shape(ofResult: 0).rank
        let on = step.reshape(step.total(step.multiply(seed, hits), rank: rank), to: [1])
        let total = step.reshape(step.total(seed, rank: rank), to: [1])
        let value = step.emit("Concat", [step.subtract(total, on), on], ["axis": .integer(0)])
        return [nil, nil, Cotangent(value, [2])]
    }
}
