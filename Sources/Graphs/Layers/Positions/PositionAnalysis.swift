package import Tensors

/// Which axes of a picture input are which.
package struct PictureAxes: Sendable, Hashable {
    package let batch: Int
    package let height: Int
    package let width: Int
    /// Nil for a picture without a batch.
    package let sampleAxis: Int?
    /// Where the channels stand.
    package let channelAxis: Int
    package let rowAxis: Int
    package let columnAxis: Int

    /// The axes of an input of this shape; nil where it is no picture.
    ///
    /// - Parameter known: The axis of the channels, the first or last of three; nil guesses by the lengths. `Graph.pictureAxes(of:)` asks the graph.
    package init?(_ shape: Shape, channelAxis known: Int? = nil) {
        guard (3...4).contains(shape.rank), shape.dimensions.allSatisfy({ $0 > 0 }) else { return nil }
        let first = shape.rank - 3
        // Channels are fewer than rows and columns.
        channelAxis = known ?? (shape[first] <= shape[first + 2] ? first : first + 2)
        rowAxis = channelAxis == first ? first + 1 : first
        columnAxis = rowAxis + 1
        // Nobody says that numbers of one place `[B, C, 1, 1]` are a column of pixels.
        guard shape[rowAxis] * shape[columnAxis] > 1, known != nil || shape[first + 1] * shape[first + 2] > 1,
            shape.rank == 4 || known != nil || [1, 3, 4].contains(shape[channelAxis])
        else { return nil }
        sampleAxis = shape.rank == 4 ? 0 : nil
        batch = shape.rank == 4 ? shape[0] : 1
        height = shape[rowAxis]
        width = shape[columnAxis]
    }
}

/// The place in the picture or volume of every element of every value: position analysis.
///
/// Starts at the pixels of the picture inputs and follows all nodes. Elements that no single place stands for (class tokens,
/// globally pooled features) have none.
struct PositionAnalysis {
    let graph: Graph
    let picture: PlaceAxes?
    private let places: [FieldPropagation]
    /// Whose picture elements belong to: of all pictures; where several are joined later on, of the samples that hold them.
    private let levels: [(axes: PlaceAxes, samples: FieldPropagation)]

    /// The analysis of a graph.
    ///
    /// - Parameter explained: The input, or what it is converted to, whose places are meant; nil is the first picture. Other inputs of the same
    ///   sizes lie over it.
    init(_ graph: Graph, from explained: ValueID? = nil) {
        self.graph = graph
        let inputs = graph.inputs.compactMap { input in
            PlaceAxes(of: input, in: graph).map { (value: input, axes: $0, rank: graph.shape(of: input)?.rank ?? 0) }
        }
        let source = explained.flatMap { graph.input(behind: $0) }
        let first = inputs.first { $0.value == source } ?? inputs.first
        picture = first?.axes
        let covering = inputs.filter { input in first.map { input.axes.covers($0.axes) } ?? false }
        var places = (picture?.lengths ?? []).map { _ in FieldPropagation(graph, .coordinates) }
        for (input, axes, rank) in covering {
            for (place, axis) in axes.places.enumerated() {
                let pixels = (0..<axes.lengths[place]).map { Double($0) + 0.5 }
                places[place][input] = ElementField(pixels, along: axis, rank: rank)
            }
        }
        for place in places.indices { places[place].run() }
        self.places = places
        var levels: [(axes: PlaceAxes, samples: FieldPropagation)] = []
        var level = picture
        // Inputs that lie over each other may count their pictures along different axes.
        var own = covering.map(\.axes)
        while let axes = level, levels.isEmpty || !axes.samples.isEmpty {
            var samples = FieldPropagation(graph, .coordinates)
            for (input, axes) in zip(covering, own) { samples[input.value] = axes.sampleField(rank: input.rank) }
            samples.run()
            levels.append((axes, samples))
            level = axes.withoutViews
            own = own.map { $0.withoutViews ?? $0 }
        }
        self.levels = levels
    }

    /// Where the elements of a value lie; nil where none of them has a place.
    func positions(of value: ValueID) -> ElementPositions? {
        positions(of: value, levels.first?.samples[value])
    }

    private func positions(of value: ValueID, _ sample: ElementField?) -> ElementPositions? {
        let fields = places.compactMap { $0[value] }
        guard !fields.isEmpty, fields.count == places.count, let sample,
            fields.contains(where: { !$0.axes.isEmpty })
        else { return nil }
        return ElementPositions(sample: sample, places: fields)
    }

    /// The axes along which a value's cells change their place.
    func placeAxes(of value: ValueID) -> Set<Int>? { (map(of: value)?.cells ?? positions(of: value))?.placeAxes }

    /// How a value lies over the picture; nil where it is no map.
    func layout(of value: ValueID) -> MapLayout? { map(of: value)?.layout }

    /// The places of a value's cells, and how it lies over the picture by them.
    private func map(of value: ValueID) -> (cells: ElementPositions, layout: MapLayout)? {
        guard let shape = graph.shape(of: value)?.dimensions else { return nil }
        for (axes, samples) in levels {
            guard let positions = positions(of: value, samples[value]) else { continue }
            if let map = map(positions, shape: shape, over: axes) { return map }
        }
        // All pictures may be joined into one: by a maximum over views, say.
        guard let (axes, samples) = levels.last, samples[value]?.isEmpty == true, axes.batch > 1,
            let joined = axes.withoutViews, let positions = positions(of: value, ElementField(0, rank: shape.count))
        else { return nil }
        return map(positions, shape: shape, over: joined)
    }

    private func map(
        _ positions: ElementPositions, shape: [Int], over axes: PlaceAxes
    ) -> (cells: ElementPositions, layout: MapLayout)? {
        var tried: ElementPositions?
        for joiningGrids in [false, true] {
            let (places, sample) = FeatureAxes.removed(
                from: positions.places, sample: positions.sample, joiningGrids: joiningGrids)
            let cells = ElementPositions(sample: sample, places: places)
            guard cells != tried else { break }
            if let layout = MapLayout(cells, shape: shape, over: axes) { return (cells, layout) }
            tried = cells
        }
        return nil
    }
}

extension Graph {
    /// The input that a value is made of alone, itself where it is one; nil where there are several, or none.
    func input(behind value: ValueID) -> ValueID? {
        var value = value
        while !inputs.contains(value) {
            let operands = producingNode(of: value)?.operands.filter { self[$0].constant == nil } ?? []
            guard operands.count == 1 else { return nil }
            value = operands[0]
        }
        return value
    }

    /// Whether the elements of a value that have a place can change `output`, with the placed elements of `cut` held fixed.
    ///
    /// False is certain: no chain of operators leads there. True means that one does.
    func placesInfluence(
        _ output: ValueID, at value: ValueID, analysis: PositionAnalysis, cut: ValueID? = nil
    ) -> Bool {
        func marks(_ value: ValueID) -> ElementField? {
            analysis.positions(of: value)?.places.first { !$0.axes.isEmpty }.map { place in
                ElementField(lengths: place.lengths, numbers: place.numbers.map { $0.isNaN ? 0 : 1 }).compressed()
            }
        }
        guard let start = marks(value) else { return false }
        if value == output { return true }
        var propagation = FieldPropagation(self, .influence)
        propagation[value] = start
        if let cut, let blocked = marks(cut) {
            propagation.override = (
                cut,
                { field in
                    let kept = ElementField(lengths: blocked.lengths, numbers: blocked.numbers.map { 1 - $0 })
                    let shape = zip(field.lengths, kept.lengths).map { max($0, $1) }
                    let (left, right) = (
                        field.stored(along: shape.indices, of: shape), kept.stored(along: shape.indices, of: shape)
                    )
                    return ElementField(lengths: shape, numbers: zip(left.numbers, right.numbers).map { min($0, $1) })
                        .compressed()
                }
            )
        }
        propagation.run(from: producer(of: value).map { $0 + 1 } ?? 0)
        return propagation[output]?.numbers.contains { $0 > 0 } ?? false
    }
}
