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

    /// Whether pictures of these axes lie over those of others: as many, of the same size.
    package func covers(_ other: PictureAxes) -> Bool {
        (batch, height, width) == (other.batch, other.height, other.width)
    }
}

/// The place in the picture of every element of every value: position analysis.
///
/// Starts at the pixels of the picture inputs and follows all nodes. Elements that no single place stands for (class tokens,
/// globally pooled features) have none.
struct PositionAnalysis {
    let graph: Graph
    let picture: PictureAxes?
    private let samples: FieldPropagation
    private let rows: FieldPropagation
    private let columns: FieldPropagation

    /// The analysis of a graph.
    ///
    /// - Parameter explained: The input, or what it is converted to, whose places are meant; nil is the first picture. Other inputs of the same
    ///   sizes lie over it.
    init(_ graph: Graph, from explained: ValueID? = nil) {
        self.graph = graph
        var (samples, rows, columns) = (
            FieldPropagation(graph, .coordinates), FieldPropagation(graph, .coordinates),
            FieldPropagation(graph, .coordinates)
        )
        let source = explained.flatMap { graph.input(behind: $0) }.flatMap {
            graph.pictureAxes(of: $0) == nil ? nil : $0
        }
        var first = source.flatMap { graph.pictureAxes(of: $0) }
        for input in graph.inputs {
            guard let shape = graph.shape(of: input), let axes = graph.pictureAxes(of: input),
                source == input || first.map(axes.covers) ?? (source == nil)
            else { continue }
            first = first ?? axes
            func pixels(_ length: Int, _ axis: Int) -> ElementField {
                ElementField((0..<length).map { Double($0) + 0.5 }, along: axis, rank: shape.rank)
            }
            rows[input] = pixels(axes.height, axes.rowAxis)
            columns[input] = pixels(axes.width, axes.columnAxis)
            samples[input] =
                axes.sampleAxis.map { ElementField((0..<axes.batch).map { Double($0) }, along: $0, rank: shape.rank) }
                ?? ElementField(0, rank: shape.rank)
        }
        picture = first
        rows.run()
        columns.run()
        samples.run()
        (self.samples, self.rows, self.columns) = (samples, rows, columns)
    }

    /// Where the elements of a value lie; nil where none of them has a place.
    func positions(of value: ValueID) -> ElementPositions? {
        guard let row = rows[value], let column = columns[value], let sample = samples[value],
            !row.axes.isEmpty || !column.axes.isEmpty
        else { return nil }
        return ElementPositions(sample: sample, row: row, column: column)
    }

    /// The axes along which a value's cells change their place.
    func placeAxes(of value: ValueID) -> Set<Int>? {
        (map(of: value)?.cells ?? positions(of: value)).map { Set($0.row.axes + $0.column.axes) }
    }

    /// How a value lies over the picture; nil where it is no map.
    func layout(of value: ValueID) -> MapLayout? { map(of: value)?.layout }

    /// The places of a value's cells, and how it lies over the picture by them.
    private func map(of value: ValueID) -> (cells: ElementPositions, layout: MapLayout)? {
        guard let picture, let shape = graph.shape(of: value), let positions = positions(of: value) else { return nil }
        var tried: ElementPositions?
        for joiningGrids in [false, true] {
            let (places, sample) = FeatureAxes.removed(
                from: [positions.row, positions.column], sample: positions.sample, joiningGrids: joiningGrids)
            let cells = ElementPositions(sample: sample, row: places[0], column: places[1])
            guard cells != tried else { break }
            if let layout = MapLayout(cells, shape: shape.dimensions, over: picture) { return (cells, layout) }
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
            analysis.positions(of: value).map { positions in
                let row = positions.row.axes.isEmpty ? positions.column : positions.row
                return ElementField(lengths: row.lengths, numbers: row.numbers.map { $0.isNaN ? 0 : 1 }).compressed()
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
