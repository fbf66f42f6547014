import Tensors

extension Graph {
    /// Whether the rows of an input belong together: what is computed of one depends on the others, down to every output.
    ///
    /// Views of one object are such rows, not samples. Where rows move to other axes before they are joined, only an input of fixed length tells
    /// them from samples that a constant shape inside of the model mixes up.
    ///
    /// - Parameter isFixed: Whether the model declares how many rows there are.
    package func joinsRows(of input: ValueID, isFixed: Bool) -> Bool {
        guard let shape = shape(of: input), shape.rank > 1, let rows = shape.dimensions.first, rows > 1,
            !outputs.contains(where: { self.shape(of: $0.value)?.dimensions.first == rows })
        else { return false }
        var numbers = FieldPropagation(self, .coordinates)
        numbers[input] = ElementField((0..<rows).map { Double($0) }, along: 0, rank: shape.rank)
        numbers.run()
        guard outputs.allSatisfy({ numbers[$0.value]?.isEmpty == true }) else { return false }
        return isFixed || numbers.fields.allSatisfy { $0.map { $0.axes.allSatisfy { $0 == 0 } } ?? true }
    }
}

/// Which axes of an input count pictures, and along which places lie: rows and columns of pictures; slices, rows and columns of volumes.
package struct PlaceAxes: Sendable, Hashable {
    /// The axes that count pictures: that of the samples, and of the views where a sample holds several pictures.
    package private(set) var samples: [Int]
    /// The axes of rows and columns; in front of them, in a volume, that of slices.
    package let places: [Int]
    /// The lengths of `places`.
    package let lengths: [Int]
    /// The lengths of `samples`.
    package private(set) var sampleLengths: [Int]

    /// Whether pictures are counted in front of their places, and those stand in order.
    package var isRowMajor: Bool { samples + places == (samples + places).sorted() }

    /// Whether pictures of these axes lie over those of others: as many, of the same size.
    package func covers(_ other: PlaceAxes) -> Bool {
        (sampleLengths, lengths) == (other.sampleLengths, other.lengths)
    }

    /// The number of pictures.
    package var batch: Int { sampleLengths.reduce(1, *) }

    private init(samples: [Int], places: [Int], shape: Shape) {
        (self.samples, self.places) = (samples, places)
        (sampleLengths, lengths) = (samples.map { shape[$0] }, places.map { shape[$0] })
    }

    /// The axes of a picture.
    package init(_ picture: PictureAxes) {
        samples = picture.sampleAxis.map { [$0] } ?? []
        places = [picture.rowAxis, picture.columnAxis]
        lengths = [picture.height, picture.width]
        sampleLengths = picture.sampleAxis.map { _ in [picture.batch] } ?? []
    }

    /// The axes of an input of known shape; nil where it is neither a picture nor a volume.
    ///
    /// The first convolution or pooling behind the input tells whether it holds volumes, or several pictures that the model folds
    /// into the batch; plain pictures are known by their shape.
    package init?(of input: ValueID, in graph: Graph) {
        guard let shape = graph.shape(of: input), shape.dimensions.allSatisfy({ $0 > 0 }) else { return nil }
        if let traced = Self(tracing: input, of: shape, in: graph), traced.isMore(than: shape) {
            self = traced
        } else if let picture = graph.pictureAxes(of: input) {
            self.init(picture)
        } else {
            return nil
        }
    }

    /// Whether there are slices, or pictures that the first axis alone does not count.
    private func isMore(than shape: Shape) -> Bool { places.count > 2 || shape.rank > 4 || samples.contains { $0 > 0 } }

    /// The axes as the first window that slides over the input has them; nil where there is none, or it slides over something else.
    private init?(tracing input: ValueID, of shape: Shape, in graph: Graph) {
        let depends = graph.values(dependingOn: [input])
        let first = graph.nodes.firstIndex { node in
            Self.windows.contains(node.operation) && node.input(0).map { depends[$0.index] } == true
        }
        guard let first, let window = graph.nodes[first].input(0), let rank = graph.shape(of: window)?.rank,
            (4...5).contains(rank)
        else { return nil }
        // For each axis of the window's operand, the axes of the input that run along it.
        var origins = [[Int]](repeating: [], count: rank)
        var still: [Int] = []
        for axis in shape.dimensions.indices {
            guard shape[axis] > 1 else {
                still.append(axis)
                continue
            }
            var numbers = FieldPropagation(graph, .coordinates)
            numbers[input] = ElementField((0..<shape[axis]).map { Double($0) }, along: axis, rank: shape.rank)
            numbers.run(upTo: first)
            guard let along = numbers[window]?.axes, !along.isEmpty else { return nil }
            // Tiles and phases of places are places: what runs along rows is no count of pictures.
            origins[along.last { $0 > 1 } ?? along[0]].append(axis)
        }
        // Axes of length 1 keep their order.
        for axis in (2..<rank).reversed() where origins[axis].isEmpty {
            guard let lone = still.popLast() else { return nil }
            origins[axis] = [lone]
        }
        let places = origins.dropFirst(2).compactMap(\.last)
        guard places.count == rank - 2, origins.dropFirst(2).allSatisfy({ $0.count == 1 }) else { return nil }
        let samples = origins[0].isEmpty && still.first == 0 ? [0] : origins[0]
        self.init(samples: samples, places: places, shape: shape)
        guard lengths.reduce(1, *) > 1 else { return nil }
    }

    private static let windows: Set<String> = [
        "Conv", "ConvInteger", "QLinearConv", "DeformConv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool",
    ]

    /// The same places where the innermost axis of pictures (that of views) counts no more; nil where none counts.
    package var withoutViews: PlaceAxes? {
        guard !samples.isEmpty else { return nil }
        var axes = self
        axes.samples.removeLast()
        axes.sampleLengths.removeLast()
        return axes
    }

    /// The number of each element's picture, of a value of the input's rank.
    func sampleField(rank: Int) -> ElementField {
        var lengths = [Int](repeating: 1, count: rank)
        for (axis, length) in zip(samples, sampleLengths) { lengths[axis] = length }
        return ElementField(lengths: lengths, numbers: (0..<batch).map { Double($0) })
    }
}
