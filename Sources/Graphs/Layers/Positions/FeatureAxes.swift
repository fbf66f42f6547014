import Tensors

/// Finds axes of features among those along which places change.
///
/// The channels of a cell may lie beside it (shifted ones), come from a map of another size, or have no place at all. They stay channels: a
/// cell lies where most of them do. Tokens and windows are told from channels by this: no two elements of theirs have one place.
enum FeatureAxes {
    /// The fields of cells: without what changes along axes of features.
    ///
    /// - Parameters:
    ///   - places: One field a coordinate, such as row and column.
    ///   - sample: The number of every element's sample.
    ///   - joiningGrids: Whether equally many channels on grids that have no place in common are features; else they are places of one
    ///     finer grid, as pixels unfolded into channels are.
    static func removed(
        from places: [ElementField], sample: ElementField, joiningGrids: Bool
    ) -> (places: [ElementField], sample: ElementField) {
        var (places, sample) = (places, sample)
        while let (axis, kinds) = features(in: places, sample, joiningGrids), let chosen = consensus(kinds) {
            sample = sample.selecting([chosen.index], along: axis).compressed()
            places = chosen.places.map { $0.compressed() }
        }
        return (places, sample)
    }

    /// What most elements along an axis have of one coordinate; nil where each has a number of its own, as tokens and windows do.
    static func common(_ field: ElementField, along axis: Int) -> ElementField? {
        guard field.lengths[axis] > 1, field.axes.count > 1 else { return nil }
        let kinds = kinds(of: [field], along: axis)
        guard kinds.contains(where: { !$0.isEmpty && $0.count > 1 }) else { return nil }
        return consensus(kinds)?.places[0].compressed()
    }

    /// The elements along an axis that have the same places.
    private struct Kind {
        /// The first of them.
        let index: Int
        var count: Int
        /// Their places, coordinate by coordinate.
        var places: [ElementField]
        let isEmpty: Bool
    }

    private static func features(
        in places: [ElementField], _ sample: ElementField, _ joiningGrids: Bool
    ) -> (axis: Int, kinds: [Kind])? {
        // Where every coordinate has one axis, none is left for features.
        guard places.contains(where: { $0.axes.count > 1 }) else { return nil }
        for axis in Set(places.flatMap(\.axes)).sorted() where !counts(sample, along: axis) {
            let kinds = kinds(of: places, along: axis)
            if areFeatures(kinds, joiningGrids) { return (axis, kinds) }
        }
        return nil
    }

    /// Whether samples are counted along an axis.
    private static func counts(_ sample: ElementField, along axis: Int) -> Bool {
        guard sample.lengths[axis] > 1 else { return false }
        let first = sample.selecting([0], along: axis).numbers
        return (1..<sample.lengths[axis]).contains { index in
            zip(first, sample.selecting([index], along: axis).numbers).contains {
                !$0.isNaN && !$1.isNaN && !ElementField.same($0, $1)
            }
        }
    }

    private static func kinds(of places: [ElementField], along axis: Int) -> [Kind] {
        var kinds: [Kind] = []
        var known: [[Int]: Int] = [:]
        for index in 0..<(places.map { $0.lengths[axis] }.max() ?? 0) {
            let own = places.map { $0.selecting([index], along: axis) }
            let name = own.flatMap { $0.numbers.map(key) }
            if let kind = known[name] {
                kinds[kind].count += 1
            } else {
                known[name] = kinds.count
                // A coordinate that all elements lack was merged, and tells nothing.
                let isEmpty = zip(places, own).contains { !$0.isEmpty && $1.isEmpty }
                kinds.append(Kind(index: index, count: 1, places: own, isEmpty: isEmpty))
            }
        }
        return kinds
    }

    private static func areFeatures(_ kinds: [Kind], _ joiningGrids: Bool) -> Bool {
        let placed = kinds.filter { !$0.isEmpty }
        guard let first = placed.first, Set(cells(first.places)).count > 1 else { return false }
        if placed.count == 1 { return true }
        guard placed.contains(where: { $0.count > 1 }) else { return false }
        let isEven = placed.count == kinds.count && placed.allSatisfy { $0.count == first.count }
        return !isEven || joiningGrids || overlap(placed)
    }

    private static func overlap(_ kinds: [Kind]) -> Bool {
        var seen: Set<Int> = []
        for kind in kinds {
            let own = Set(cells(kind.places))
            guard seen.isDisjoint(with: own) else { return true }
            seen.formUnion(own)
        }
        return false
    }

    /// The largest kind; of several, the middle of their places where they lie equally far apart (shifts to all sides), else the first.
    private static func consensus(_ kinds: [Kind]) -> Kind? {
        let placed = kinds.filter { !$0.isEmpty }
        let largest = placed.map(\.count).max()
        let top = placed.filter { $0.count == largest }
        guard var chosen = top.first, top.count > 1, top.allSatisfy({ spacings($0) == spacings(chosen) }) else {
            return top.first
        }
        let middle = chosen.places.indices.map { coordinate -> ElementField in
            let fields = top.map { $0.places[coordinate] }
            let numbers = fields[0].numbers.indices.map { index in
                median(fields.map { $0.numbers[index] }.filter { !$0.isNaN })
            }
            return ElementField(lengths: fields[0].lengths, numbers: numbers)
        }
        if Set(cells(middle)).count == Set(cells(chosen.places)).count { chosen.places = middle }
        return chosen
    }

    /// The smallest distance between neighbours, coordinate by coordinate.
    private static func spacings(_ kind: Kind) -> [Int] {
        kind.places.map { field in
            guard let axis = field.axes.last else { return 0 }
            let ahead = field.selecting(Array(1..<field.lengths[axis]), along: axis).numbers
            let behind = field.selecting(Array(0..<field.lengths[axis] - 1), along: axis).numbers
            return key(
                zip(behind, ahead).map { abs($1 - $0) }.filter { $0 > ElementField.tolerance }.min() ?? .nan)
        }
    }

    /// One number a place of every element, equal for equal places; elements without a place are left out.
    private static func cells(_ places: [ElementField]) -> [Int] {
        let known = places.filter { !$0.isEmpty }
        guard let rank = known.first?.rank else { return [] }
        let shape = (0..<rank).map { axis in known.map { $0.lengths[axis] }.max() ?? 1 }
        let numbers = known.map { $0.stored(along: 0..<rank, of: shape).numbers }
        return numbers[0].indices.compactMap { element in
            guard numbers.allSatisfy({ !$0[element].isNaN }) else { return nil }
            return numbers.reduce(0) { $0 &* 0x9E37_79B9_7F4A_7C1 &+ key($1[element]) }
        }
    }

    private static func key(_ number: Double) -> Int { number.isFinite ? Int((number * 4096).rounded()) : .min }

    private static func median(_ numbers: [Double]) -> Double {
        guard !numbers.isEmpty else { return .nan }
        let sorted = numbers.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
