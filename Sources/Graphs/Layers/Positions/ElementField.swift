/// A number for every element of a value, stored only along the axes on which it varies; NaN is "none".
///
/// Operators that move data around move the numbers in the same way. Along an axis of length 1 here and more in the value all
/// elements share their number, which keeps the field of a map `[B, C, H, W]` at H or W numbers.
struct ElementField: Sendable, Hashable {
    /// One length per axis of the value: the axis' own, or 1 where the number does not vary.
    private(set) var lengths: [Int]
    /// `lengths` multiplied, row-major.
    private(set) var numbers: [Double]

    /// A field that varies only along the axes that are longer than 1 in `lengths`.
    init(lengths: [Int], numbers: [Double]) {
        self.lengths = lengths
        self.numbers = numbers
    }

    /// The same number everywhere.
    init(_ number: Double, rank: Int) {
        lengths = [Int](repeating: 1, count: rank)
        numbers = [number]
    }

    /// The number varies along one axis alone.
    init(_ numbers: [Double], along axis: Int, rank: Int) {
        lengths = [Int](repeating: 1, count: rank)
        lengths[axis] = numbers.count
        self.numbers = numbers
    }

    var rank: Int { lengths.count }

    /// The axes along which the number varies.
    var axes: [Int] { lengths.indices.filter { lengths[$0] > 1 } }

    /// The number that all elements share, where they do.
    var shared: Double? { numbers.count == 1 ? numbers[0] : nil }

    /// Whether no element has a number.
    var isEmpty: Bool { numbers.allSatisfy(\.isNaN) }

    /// Numbers closer than this are one: the sum of a few thousand half pixels rounds by less.
    static let tolerance = 1e-6

    static func same(_ left: Double, _ right: Double) -> Bool {
        abs(left - right) <= tolerance || (left.isNaN && right.isNaN)
    }

    /// The distances between neighbours along each axis, 0 where the number does not vary.
    var strides: [Int] {
        var strides = [Int](repeating: 0, count: rank)
        var step = 1
        for axis in lengths.indices.reversed() where lengths[axis] > 1 {
            strides[axis] = step
            step *= lengths[axis]
        }
        return strides
    }
}

// MARK: Moving

extension ElementField {
    /// The field seen through other strides: element `i` of a row-major array of `lengths` is the sum of `i_axis * strides[axis]`.
    static func gathered(_ numbers: [Double], lengths: [Int], strides: [Int]) -> [Double] {
        var offsets = [0]
        for axis in lengths.indices where lengths[axis] != 1 {
            var next: [Int] = []
            next.reserveCapacity(offsets.count * lengths[axis])
            for offset in offsets { for index in 0..<lengths[axis] { next.append(offset + index * strides[axis]) } }
            offsets = next
        }
        return offsets.map { numbers[$0] }
    }

    /// Without the axes along which all numbers are alike.
    func compressed() -> ElementField {
        var result = self
        for axis in lengths.indices where result.lengths[axis] > 1 {
            let length = result.lengths[axis]
            let inner = result.lengths[(axis + 1)...].reduce(1, *)
            let outer = result.numbers.count / (length * inner)
            let numbers = result.numbers
            let varies = (0..<outer).contains { outer in
                let start = outer * length * inner
                return (inner..<length * inner).contains {
                    !Self.same(numbers[start + $0], numbers[start + $0 % inner])
                }
            }
            if !varies { result = result.selecting([0], along: axis) }
        }
        return result
    }

    /// The elements at these positions of an axis.
    func selecting(_ positions: [Int], along axis: Int) -> ElementField {
        guard lengths[axis] > 1 else { return self }
        let length = lengths[axis]
        let inner = lengths[(axis + 1)...].reduce(1, *)
        let outer = numbers.count / (length * inner)
        var selected: [Double] = []
        selected.reserveCapacity(outer * positions.count * inner)
        for block in 0..<outer {
            for position in positions {
                let start = (block * length + min(max(position, 0), length - 1)) * inner
                selected += numbers[start..<start + inner]
            }
        }
        var lengths = lengths
        lengths[axis] = positions.count
        return ElementField(lengths: lengths, numbers: selected)
    }

    /// The elements at these positions of an axis, with one number for all positions outside of it.
    func selecting(_ positions: [Int], along axis: Int, beyond number: Double) -> ElementField {
        guard lengths[axis] > 1 else { return self }
        var result = selecting(positions, along: axis)
        let inner = lengths[(axis + 1)...].reduce(1, *)
        for index in result.numbers.indices
        where !(0..<lengths[axis]).contains(positions[index / inner % positions.count]) {
            result.numbers[index] = number
        }
        return result
    }

    /// Whether the numbers rise along an axis everywhere, or fall everywhere.
    func isMonotonic(along axis: Int) -> Bool {
        guard lengths[axis] > 1 else { return true }
        let ahead = selecting(Array(1..<lengths[axis]), along: axis).numbers
        let behind = selecting(Array(0..<lengths[axis] - 1), along: axis).numbers
        let steps = zip(behind, ahead).map { $1 - $0 }
        return steps.allSatisfy { $0 > 0 } || steps.allSatisfy { $0 < 0 }
    }

    func transposed(_ permutation: [Int]) -> ElementField {
        let strides = strides
        let newLengths = permutation.map { lengths[$0] }
        return ElementField(
            lengths: newLengths,
            numbers: Self.gathered(numbers, lengths: newLengths, strides: permutation.map { strides[$0] }))
    }

    /// The numbers repeated so that they are stored along these axes of a value.
    func stored(along axes: some Sequence<Int>, of shape: [Int]) -> ElementField {
        var target = lengths
        for axis in axes { target[axis] = shape[axis] }
        guard target != lengths else { return self }
        return ElementField(lengths: target, numbers: Self.gathered(numbers, lengths: target, strides: strides))
    }

    /// The field of a value whose elements keep their order under another shape; nil where the shapes do not fit.
    func reshaped(from old: [Int], to new: [Int]) -> ElementField? {
        var storedLengths: [Int] = []
        var expanded: [Int] = []
        var (from, to) = (0, 0)
        // Runs of axes whose lengths multiply to the same number keep to themselves.
        while from < old.count || to < new.count {
            let (firstOld, firstNew) = (from, to)
            var (left, right) = (1, 1)
            repeat {
                if left <= right, from < old.count {
                    left *= old[from]
                    from += 1
                } else if to < new.count {
                    right *= new[to]
                    to += 1
                } else if from < old.count {
                    left *= old[from]
                    from += 1
                } else {
                    return nil
                }
            } while left != right
            let varies = (firstOld..<from).contains { lengths[$0] > 1 }
            storedLengths += varies ? Array(new[firstNew..<to]) : [Int](repeating: 1, count: to - firstNew)
            if varies { expanded += firstOld..<from }
        }
        let full = stored(along: expanded, of: old)
        guard full.numbers.count == storedLengths.reduce(1, *) else { return nil }
        return ElementField(lengths: storedLengths, numbers: full.numbers).compressed()
    }

    /// With axes of length 1 in front.
    func padded(to rank: Int) -> ElementField {
        rank <= self.rank
            ? self
            : ElementField(lengths: [Int](repeating: 1, count: rank - self.rank) + lengths, numbers: numbers)
    }

    /// Values joined along an axis; nil among them has no numbers.
    static func concatenated(_ fields: [ElementField?], sizes: [Int], along axis: Int, rank: Int) -> ElementField {
        let present = fields.map { $0 ?? ElementField(.nan, rank: rank) }
        var shape = [Int](repeating: 1, count: rank)
        for field in present {
            for other in 0..<rank where other != axis { shape[other] = max(shape[other], field.lengths[other]) }
        }
        let others = (0..<rank).filter { $0 != axis && shape[$0] > 1 }
        let parts = zip(present, sizes).map { field, size in
            var own = shape
            own[axis] = size
            return field.stored(along: others + [axis], of: own)
        }
        let inner = shape[(axis + 1)...].reduce(1, *)
        let outer = shape[..<axis].reduce(1, *)
        var numbers: [Double] = []
        for block in 0..<outer {
            for (part, size) in zip(parts, sizes) {
                let width = size * inner
                numbers += part.numbers[block * width..<(block + 1) * width]
            }
        }
        shape[axis] = sizes.reduce(0, +)
        return ElementField(lengths: shape, numbers: numbers).compressed()
    }
}
