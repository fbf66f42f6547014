import Tensors

/// The place in the input that every element of a value stands for: the number of its picture, and its row and column (in a volume slice,
/// row and column), each NaN where there is none.
struct ElementPositions: Sendable, Hashable {
    let sample: ElementField
    let places: [ElementField]

    /// The axes along which the place changes.
    var placeAxes: Set<Int> { Set(places.flatMap(\.axes)) }
}

extension MapLayout {
    /// The layout of a value of this shape; nil where its elements form no regular grid of more than one cell.
    init?(_ positions: ElementPositions, shape: [Int], over picture: PlaceAxes) {
        guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }), positions.sample.rank == shape.count else { return nil }
        if let axes = GridAxes(positions, shape: shape, batch: picture.batch) {
            self.init(axes, shape: shape, over: picture)
        } else {
            self.init(scattered: positions, shape: shape, over: picture)
        }
    }

    /// Rows along one axis and columns along another, as in `[B, C, H, W]` and `[B, H, W, C]`.
    private init?(_ axes: GridAxes, shape: [Int], over picture: PlaceAxes) {
        guard let placement = MapPlacement(centres: axes.centres, over: picture) else { return nil }
        let permutation = [axes.sample, axes.channel] + axes.places
        self.init(
            batch: picture.batch, channels: shape[axes.channel], lengths: axes.places.map { shape[$0] },
            placement: placement, tokensWithoutPlace: 0,
            steps: permutation == Array(shape.indices) ? [] : [.transpose(permutation)])
    }

    /// Any other order: tokens, windows, several places in one axis.
    private init?(scattered positions: ElementPositions, shape: [Int], over picture: PlaceAxes) {
        let placed = positions.placeAxes
        let sampleAxes = positions.sample.axes
        // A sample axis of its own stays one; windows share theirs with the samples, and so do views in another order.
        let alone = sampleAxes.isEmpty && picture.batch == 1 && shape[0] == 1 ? [0] : sampleAxes
        let isInOrder = positions.sample.numbers == (0..<picture.batch).map { Double($0) }
        let separate = alone.count == 1 && !placed.contains(alone[0]) && isInOrder ? alone.first : nil
        let axes = placed.union(sampleAxes).subtracting(separate.map { [$0] } ?? []).sorted()
        guard !placed.isEmpty,
            let cells = CellOrder(positions, axes: axes, shape: shape, separate: separate, over: picture)
        else { return nil }
        let front = (separate.map { [$0] } ?? []) + axes
        let channelAxes = shape.indices.filter { !front.contains($0) }
        let channels = channelAxes.map { shape[$0] }.reduce(1, *)
        let count = axes.map { shape[$0] }.reduce(1, *)
        let samples = separate.map { shape[$0] } ?? 1
        let batch = picture.batch
        guard samples * cells.indices.count == batch * cells.count * cells.multiplicity else { return nil }
        var steps: [Step] = []
        let permutation = front + channelAxes
        if permutation != Array(shape.indices) { steps.append(.transpose(permutation)) }
        let flat = [samples, count, channels]
        if permutation.map({ shape[$0] }) != flat { steps.append(.reshape(flat)) }
        if let first = cells.indices.first, cells.indices == Array(first..<first + cells.indices.count) {
            if cells.indices.count != count { steps.append(.slice(axis: 1, first..<first + cells.indices.count)) }
        } else {
            steps.append(.gather(axis: 1, cells.indices))
        }
        let all = channels * cells.multiplicity
        let gathered = [batch, cells.count, all]
        if gathered != [samples, cells.indices.count, channels] { steps.append(.reshape(gathered)) }
        steps += [.transpose([0, 2, 1]), .reshape([batch, all] + cells.lengths)]
        self.init(
            batch: batch, channels: all, lengths: cells.lengths, placement: cells.placement,
            tokensWithoutPlace: (count - cells.indices.count) / (separate == nil ? batch : 1), steps: steps)
    }
}

/// The axes of a value whose samples, channels and kinds of places (rows and columns; slices, rows and columns) have an axis each.
private struct GridAxes {
    let sample: Int
    let channel: Int
    let places: [Int]
    let centres: [[Double]]

    init?(_ positions: ElementPositions, shape: [Int], batch: Int) {
        let fields = positions.places
        guard shape.count == fields.count + 2, fields.allSatisfy({ $0.axes.count <= 1 }),
            positions.sample.axes.count <= 1, !positions.placeAxes.isEmpty
        else { return nil }
        var free = Set(shape.indices)
        func take(_ axis: Int?) -> Int? { axis.flatMap { free.remove($0) } }
        var known = fields.map { take($0.axes.first) }
        let sample = take(positions.sample.axes.first)
        guard zip(fields, known).allSatisfy({ ($0.axes.first == nil) == ($1 == nil) }),
            (positions.sample.axes.first == nil) == (sample == nil)
        else { return nil }
        func single(_ preferred: [Int]) -> Int? {
            preferred.first { free.contains($0) && shape[$0] == 1 }.flatMap { free.remove($0) }
        }
        guard let sampleAxis = sample ?? single(Array(shape.indices)) else { return nil }
        // An axis of one row or column cannot be told from the field; it stands beside the other ones.
        for place in known.indices where known[place] == nil {
            let beside = known.enumerated().flatMap { other, axis in
                axis.map { [$0 + place - other, $0 - place + other] } ?? []
            }
            known[place] = single(beside + shape.indices.dropFirst())
        }
        let places = known.compactMap { $0 }
        guard places.count == known.count, let channelAxis = free.first, shape[sampleAxis] == batch else { return nil }
        if sample != nil, positions.sample.numbers != (0..<batch).map({ Double($0) }) { return nil }
        (self.sample, channel, self.places, centres) = (sampleAxis, channelAxis, places, fields.map(\.numbers))
        let ascending = { (centres: [Double]) in zip(centres, centres.dropFirst()).allSatisfy { $0 < $1 } }
        guard centres.allSatisfy(ascending) else { return nil }
    }
}

/// Elements along some axes of a value in the order of the cells that they belong to.
private struct CellOrder {
    let lengths: [Int]
    /// The number of cells of one picture.
    var count: Int { lengths.reduce(1, *) }
    /// How many of these elements one cell has; they count as channels.
    let multiplicity: Int
    /// Sample by sample unless those have an axis of their own, then place by place, row by row in a picture.
    let indices: [Int]
    let placement: MapPlacement

    /// The most elements that are put in order one by one: a mebipixel, four channels deep.
    private static let largestCount = 1 << 22

    init?(_ positions: ElementPositions, axes: [Int], shape: [Int], separate: Int?, over picture: PlaceAxes) {
        // Element by element, which a map of this size would take seconds for; those of convolutions are told axis by axis.
        guard axes.reduce(1, { $0 * shape[$1] }) <= Self.largestCount else { return nil }
        func numbers(_ field: ElementField) -> [Double] {
            var field = field
            if let separate { field = field.selecting([0], along: separate) }
            return field.stored(along: axes, of: shape).numbers
        }
        let places = positions.places.map(numbers)
        let samples = separate == nil ? numbers(positions.sample) : places[0].map { _ in 0 }
        // A picture of one row of cells: every place along the other axis was merged.
        let merged = positions.places.map { $0.shared?.isNaN == true }
        let placed = samples.indices.filter { element in
            !samples[element].isNaN && places.indices.allSatisfy { merged[$0] || !places[$0][element].isNaN }
        }
        guard !placed.isEmpty else { return nil }
        let ranked = places.indices.map { axis in
            Self.ranked(placed.map { merged[axis] ? Double(picture.lengths[axis]) / 2 : places[axis][$0] })
        }
        let lengths = ranked.map(\.distinct.count)
        let count = separate == nil ? picture.batch : 1
        var cells = count
        for length in lengths {
            let product = cells.multipliedReportingOverflow(by: length)
            guard !product.overflow else { return nil }
            cells = product.partialValue
        }
        guard cells > 1, placed.count % cells == 0,
            let placement = MapPlacement(centres: ranked.map(\.distinct), over: picture)
        else { return nil }
        let multiplicity = placed.count / cells
        var filled = [Int](repeating: 0, count: cells)
        var indices = [Int](repeating: 0, count: placed.count)
        for (position, element) in placed.enumerated() {
            guard let sample = Int(exactly: samples[element]), (0..<count).contains(sample) else { return nil }
            let cell = zip(lengths, ranked).reduce(sample) { $0 * $1.0 + $1.1.ranks[position] }
            guard filled[cell] < multiplicity else { return nil }
            indices[cell * multiplicity + filled[cell]] = element
            filled[cell] += 1
        }
        self.lengths = lengths
        self.multiplicity = multiplicity
        self.indices = indices
        self.placement = placement
    }

    /// The rank of each number among the distinct ones, which follow in rising order.
    private static func ranked(_ numbers: [Double]) -> (ranks: [Int], distinct: [Double]) {
        // Numbers differ by fractions of a pixel at least, or by rounding.
        let keys = numbers.map { Int(exactly: ($0 * 4096).rounded()) ?? .max }
        let distinct = Set(keys).sorted()
        var rank: [Int: Int] = [:]
        for (index, key) in distinct.enumerated() { rank[key] = index }
        return (keys.map { rank[$0] ?? 0 }, distinct.map { Double($0) / 4096 })
    }
}

extension MapPlacement {
    /// The regular grid of these centres; nil where they are not regular.
    fileprivate init?(centres: [[Double]], over picture: PlaceAxes) {
        let axes = zip(centres, picture.lengths).compactMap { Axis($0, over: $1) }
        guard axes.count == centres.count else { return nil }
        self.init(axes: axes)
    }
}

extension MapPlacement.Axis {
    /// The regular axis nearest to these centres; nil where one of them is half a cell or more beside it.
    fileprivate init?(_ centres: [Double], over length: Int) {
        guard let first = centres.first, let last = centres.last else { return nil }
        guard centres.count > 1 else {
            self.init(centre: first.isNaN ? Double(length) / 2 : first, stride: Double(length))
            return
        }
        let stride = (last - first) / Double(centres.count - 1)
        guard stride > 0, centres.enumerated().allSatisfy({ abs(first + Double($0) * stride - $1) < stride / 2 }) else {
            return nil
        }
        self.init(centre: first, stride: stride)
    }
}
