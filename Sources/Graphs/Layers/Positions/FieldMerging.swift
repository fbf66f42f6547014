/// What becomes of the numbers of elements that an operator brings together.
enum FieldMerging: Sendable {
    /// The numbers are coordinates: merged elements stand for the middle, and what merges all of them stands for no place.
    case coordinates
    /// The numbers are 1 for elements that carry something and 0 for the others: merged elements carry it where one does.
    case influence
}

extension ElementField {
    /// The elements along these axes merged into one, whose axis stays with length 1.
    func merged(over axes: [Int], _ merging: FieldMerging) -> ElementField {
        let merged = axes.filter { lengths[$0] > 1 }
        guard !merged.isEmpty else { return self }
        // Channels that lie beside their cell, or have no place, move no cell.
        if merging == .coordinates, merged.count == 1, let common = FeatureAxes.common(self, along: merged[0]) {
            return common
        }
        let kept = lengths.indices.filter { !merged.contains($0) }
        let front = transposed(kept + merged)
        let width = merged.map { lengths[$0] }.reduce(1, *)
        var numbers = [Double](repeating: .nan, count: front.numbers.count / width)
        for index in numbers.indices {
            let group = front.numbers[index * width..<(index + 1) * width]
            switch merging {
            case .coordinates:
                var (sum, count) = (0.0, 0.0)
                for number in group where !number.isNaN {
                    sum += number
                    count += 1
                }
                if count > 0 { numbers[index] = sum / count }
            case .influence: numbers[index] = group.max() ?? 0
            }
        }
        var shape = lengths
        for axis in merged { shape[axis] = 1 }
        let result = ElementField(lengths: shape, numbers: numbers).compressed()
        if merging == .coordinates, result.axes.isEmpty { return ElementField(.nan, rank: rank) }
        return result
    }

    /// The field of a value that is computed element by element from two values, the first of which counts where they disagree.
    static func joined(_ first: ElementField, _ second: ElementField, _ merging: FieldMerging) -> ElementField {
        let rank = max(first.rank, second.rank)
        let (left, right) = (first.padded(to: rank), second.padded(to: rank))
        if left == right { return left }
        let shape = zip(left.lengths, right.lengths).map { max($0, $1) }
        func both(_ combine: (Double, Double) -> Double) -> ElementField {
            let (left, right) = (left.stored(along: 0..<rank, of: shape), right.stored(along: 0..<rank, of: shape))
            return ElementField(lengths: shape, numbers: zip(left.numbers, right.numbers).map(combine)).compressed()
        }
        if merging == .influence { return both { max($0, $1) } }
        if right.isEmpty { return left }
        if left.isEmpty { return right }
        // What varies more tells places apart; a gate or a global feature does not.
        let (leftAxes, rightAxes) = (Set(left.axes), Set(right.axes))
        if leftAxes != rightAxes { return rightAxes.isStrictSuperset(of: leftAxes) ? right : left }
        let offsets = zip(left.numbers, right.numbers).map { $1 - $0 }.filter { !$0.isNaN }
        guard let least = offsets.min(), let most = offsets.max(), same(least, most) else { return left }
        // Paths of other paddings see the same place a little beside each other.
        return both { $0.isNaN ? $1 : $1.isNaN ? $0 : ($0 + $1) / 2 }
    }

    /// Parts of a value joined along an axis: where no place changes along it, they are channels of the same cells, and parts without a
    /// place of their own (a pooled vector spread over the map, constant coordinates) have those of the largest other part.
    ///
    /// Along an axis of tokens places do change, and a class token keeps having none.
    static func sharingPlaces(_ parts: [ElementField?], sizes: [Int], along axis: Int) -> [ElementField?] {
        let placed = parts.indices.filter { parts[$0].map { !$0.isEmpty } ?? false }
        let known = placed.compactMap { parts[$0] }
        // The first axis of more than three counts samples.
        guard let first = known.first, known.count < parts.count, axis > 0 || first.rank == 3,
            known.allSatisfy({ $0.lengths[axis] == 1 && (!$0.axes.isEmpty || $0 == first) }),
            let largest = placed.max(by: { sizes[$0] < sizes[$1] })
        else { return parts }
        return parts.indices.map { placed.contains($0) ? parts[$0] : parts[largest] }
    }

    /// Values joined along an axis on which none of them varies and that interleave each other, as patch merging stacks them, lie on one
    /// grid between them.
    static func interleaved(_ fields: [ElementField?], along axis: Int) -> ElementField? {
        let present = fields.compactMap { $0 }
        guard present.count == fields.count, let first = present.first, let along = first.axes.last,
            present.allSatisfy({ $0.lengths == first.lengths }), first.lengths[axis] == 1
        else { return nil }
        let ahead = first.selecting(Array(1..<first.lengths[along]), along: along)
        let behind = first.selecting(Array(0..<first.lengths[along] - 1), along: along)
        let steps = zip(behind.numbers, ahead.numbers).map { abs($1 - $0) }.filter { !$0.isNaN && $0 > tolerance }
        guard let spacing = steps.min() else { return nil }
        var sum = first.numbers
        for field in present.dropFirst() {
            for index in sum.indices {
                guard abs(field.numbers[index] - first.numbers[index]) < spacing - tolerance else { return nil }
                sum[index] += field.numbers[index]
            }
        }
        return ElementField(lengths: first.lengths, numbers: sum.map { $0 / Double(present.count) })
    }

    /// The field of a value whose element `i` along an axis lies at `centres[i]` between the elements of this one.
    func resampled(at centres: [Double], along axis: Int, of length: Int, _ merging: FieldMerging) -> ElementField {
        guard lengths[axis] > 1 else { return self }
        if merging == .influence { return merged(over: [axis], merging) }
        // Beyond the ends the grid goes on: padding has places, too.
        let low = centres.map { Swift.min(Swift.max(Int($0.rounded(.down)), 0), length - 2) }
        let (before, after) = (selecting(low, along: axis), selecting(low.map { $0 + 1 }, along: axis))
        let inner = lengths[(axis + 1)...].reduce(1, *)
        let numbers = before.numbers.indices.map { index in
            let position = index / inner % centres.count
            let fraction = centres[position] - Double(low[position])
            if fraction == 0 { return before.numbers[index] }
            if fraction == 1 { return after.numbers[index] }
            return before.numbers[index] + (after.numbers[index] - before.numbers[index]) * fraction
        }
        return ElementField(lengths: before.lengths, numbers: numbers).compressed()
    }
}
