import Tensors

/// Operators that move, cut and join values.
extension RebatchingRules {
    private func normalised(_ axes: [Int], rank: Int) -> [Int] { axes.map { $0 < 0 ? $0 + rank : $0 } }

    // MARK: Other axes, same order

    /// A reshape keeps the order of the numbers, so the samples keep their distance; which axis then holds them is
    /// open where lengths are 1.
    mutating func reshape(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        let before = try shape(node.input(0), of: node)
        let after = try shape(node.output(0), of: node)
        _ = try integers(node, 1)
        let distance = place.inner * before[(place.axis + 1)...].reduce(1, *)
        var readings: [BatchAxis] = []
        var behind = after.reduce(1, *)
        for (axis, length) in after.enumerated() where length > 0 {
            behind /= length
            guard distance % behind == 0, (behind * length) % (distance * batch) == 0 else { continue }
            readings.append(
                BatchAxis(axis, outer: behind * length / (distance * batch), inner: distance / behind))
        }
        // An axis of their own first, and of those the one that had them before.
        func rank(_ reading: BatchAxis) -> Int {
            reading.outer * reading.inner > 1 ? 2 : reading.axis == place.axis ? 0 : 1
        }
        readings = readings.enumerated().sorted { (rank($0.1), $0.0) < (rank($1.1), $1.0) }.map(\.1)
        guard let chosen = choose(readings) else {
            throw obstacle(node, "it joins the samples with what lies around them")
        }
        var step = same(node, chosen)
        step.lengths[1] = RebatchingStep.Lengths(values: after, growing: [chosen.axis])
        return step
    }

    func flatten(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        let before = try shape(node.input(0), of: node)
        let border = normalised([node.integer("axis") ?? 1], rank: before.count)[0]
        let range = place.axis < border ? 0..<border : border..<before.count
        return same(
            node,
            BatchAxis(
                place.axis < border ? 0 : 1, outer: before[range.lowerBound..<place.axis].reduce(place.outer, *),
                inner: before[(place.axis + 1)..<range.upperBound].reduce(place.inner, *)))
    }

    func squeeze(_ node: Node) throws(GraphError) -> RebatchingStep {
        var place = try solePlace(node)
        let shape = try shape(node.input(0), of: node)
        let axes = normalised(
            try integers(node, 1) ?? shape.indices.filter { shape[$0] == 1 }, rank: shape.count)
        guard !axes.contains(place.axis) else { throw obstacle(node, "it removes the axis of the samples") }
        place.axis -= axes.count { $0 < place.axis }
        var step = same(node, place)
        step.lengths[1] = RebatchingStep.Lengths(values: axes)
        return step
    }

    func unsqueeze(_ node: Node) throws(GraphError) -> RebatchingStep {
        var place = try solePlace(node)
        let rank = try shape(node.output(0), of: node).count
        let added = Set(normalised(try integers(node, 1) ?? [], rank: rank))
        let kept = (0..<rank).filter { !added.contains($0) }
        guard place.axis < kept.count else { throw obstacle(node, "its axes do not fit") }
        place.axis = kept[place.axis]
        return same(node, place)
    }

    func transpose(_ node: Node) throws(GraphError) -> RebatchingStep {
        var place = try solePlace(node)
        let rank = try shape(node.input(0), of: node).count
        let order = node.integers("perm") ?? Array((0..<rank).reversed())
        guard let axis = order.firstIndex(of: place.axis) else { throw obstacle(node, "its axes do not fit") }
        place.axis = axis
        return same(node, place)
    }

    // MARK: Joining and cutting

    func concatenation(_ node: Node) throws(GraphError) -> RebatchingStep {
        let places = node.inputs.indices.map { place(node, $0) }
        guard var place = places.compactMap({ $0 }).first else { throw obstacle(node, "no operand holds the samples") }
        let rank = try shape(node.output(0), of: node).count
        let axis = normalised([node.integer("axis") ?? 0], rank: rank)[0]
        guard axis == place.axis else {
            guard places.allSatisfy({ $0 == nil || $0 == place }) else {
                throw obstacle(node, "its operands hold the samples along different axes")
            }
            var step = same(node, place)
            for index in places.indices where places[index] == nil {
                guard (try shape(node.input(index), of: node))[place.axis] == place.length(for: batch) else {
                    throw obstacle(node, "the samples meet another axis of it")
                }
                step.repeated[index] = place
            }
            return step
        }
        guard places.allSatisfy({ $0?.axis == place.axis && $0?.inner == place.inner }) else {
            throw obstacle(node, "it appends to the samples")
        }
        place.outer = places.reduce(0) { $0 + ($1?.outer ?? 0) }
        return same(node, place)
    }

    func split(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        let rank = try shape(node.input(0), of: node).count
        guard normalised([node.integer("axis") ?? 0], rank: rank)[0] == place.axis else { return same(node, place) }
        var step = same(node, place)
        var lengths: [Int] = []
        for (index, output) in node.outputs.enumerated() {
            let length = try shape(output, of: node)[place.axis]
            guard length % (batch * place.inner) == 0 else { throw obstacle(node, "it divides the samples") }
            step.results[index]?.outer = length / (batch * place.inner)
            lengths.append(length)
        }
        if node.input(1) != nil {
            step.lengths[1] = RebatchingStep.Lengths(values: lengths, growing: Set(lengths.indices))
        }
        return step
    }

    func slice(_ node: Node) throws(GraphError) -> RebatchingStep {
        var place = try solePlace(node)
        let shape = try shape(node.input(0), of: node)
        guard var starts = try integers(node, 1), var ends = try integers(node, 2) else {
            throw obstacle(node, "its positions are not known")
        }
        let axes = normalised(try integers(node, 3) ?? Array(starts.indices), rank: shape.count)
        let steps = try integers(node, 4) ?? Array(repeating: 1, count: axes.count)
        guard axes.count == starts.count, ends.count == starts.count, steps.count == starts.count else {
            throw obstacle(node, "its positions do not fit")
        }
        var step = same(node, place)
        for index in axes.indices where axes[index] == place.axis {
            let length = shape[place.axis]
            func position(_ value: Int) -> Int { min(max(value < 0 ? value + length : value, 0), length) }
            let (start, end) = (position(starts[index]), position(ends[index]))
            let sample = batch * place.inner
            guard steps[index] == 1, start % sample == 0, end % sample == 0, start < end else {
                throw obstacle(node, "it leaves out samples")
            }
            (starts[index], ends[index]) = (start, end)
            place.outer = (end - start) / sample
            step = same(node, place)
            step.lengths[1] = RebatchingStep.Lengths(values: starts, growing: [index])
            step.lengths[2] = RebatchingStep.Lengths(values: ends, growing: [index])
        }
        return step
    }

    func pad(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        let rank = try shape(node.input(0), of: node).count
        let axes = normalised(try integers(node, 3) ?? Array(0..<rank), rank: rank)
        guard let pads = try integers(node, 1), pads.count == 2 * axes.count,
            axes.indices.allSatisfy({
                axes[$0] != place.axis || (pads[$0] == 0 && pads[$0 + axes.count] == 0)
            })
        else { throw obstacle(node, "it appends to the samples") }
        return same(node, place)
    }

    func gather(_ node: Node) throws(GraphError) -> RebatchingStep {
        let data = try shape(node.input(0), of: node)
        let indices = try shape(node.input(1), of: node)
        let axis = normalised([node.integer("axis") ?? 0], rank: data.count)[0]
        if var place = place(node, 0) {
            guard self.place(node, 1) == nil, place.axis != axis else {
                throw obstacle(node, "it picks samples")
            }
            if place.axis > axis { place.axis += indices.count - 1 }
            return same(node, place)
        }
        var place = try solePlace(node, 1)
        place.axis += axis
        return same(node, place)
    }

    func gatherElements(_ node: Node) throws(GraphError) -> RebatchingStep {
        let places = [place(node, 0), place(node, 1)]
        let rank = try shape(node.input(0), of: node).count
        guard let place = places[0] ?? places[1], places.allSatisfy({ $0 == nil || $0 == place }),
            normalised([node.integer("axis") ?? 0], rank: rank)[0] != place.axis
        else { throw obstacle(node, "it picks samples") }
        var step = same(node, place)
        for index in 0..<2 where places[index] == nil {
            guard (try shape(node.input(index), of: node))[place.axis] == place.length(for: batch) else {
                throw obstacle(node, "the samples meet another axis of it")
            }
            step.repeated[index] = place
        }
        return step
    }
}
