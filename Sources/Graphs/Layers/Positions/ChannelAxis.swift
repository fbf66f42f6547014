import Tensors

extension Graph {
    /// Which axes of a picture input are which; nil where it is no picture.
    ///
    /// The channels are what the first convolutions and patch embeddings read, whatever moves the picture in front of them; where nothing tells,
    /// the lengths decide (see `PictureAxes`), which is a guess.
    package func pictureAxes(of input: ValueID) -> PictureAxes? {
        guard let shape = shape(of: input), (3...4).contains(shape.rank) else { return nil }
        return PictureAxes(shape, channelAxis: channelAxis(of: input))
    }

    /// The axis of a picture input that the graph itself takes for the channels; nil where nothing in it tells.
    package func channelAxis(of input: ValueID) -> Int? {
        guard var search = ChannelSearch(self, from: input) else { return nil }
        return search.axis()
    }

    /// The sentence that says that the axes of a picture input are guessed; nil where the graph tells them, or it is no picture.
    package func layoutGuess(of input: ValueID) -> String? {
        guard channelAxis(of: input) == nil, let shape = shape(of: input), shape.rank == 4,
            let axes = PictureAxes(shape)
        else { return nil }
        let order = axes.channelAxis == 1 ? "channels first, NCHW" : "channels last, NHWC"
        return
            "no convolution or patch embedding tells which axis of the input '\(self[input].name)' \(shape) holds the channels; by the lengths, axis \(axes.channelAxis) is taken for them (\(order)), which is a guess"
    }
}

/// Follows the axes of a picture input to the first nodes that treat one of them as channels.
private struct ChannelSearch {
    private let graph: Graph
    private let input: ValueID
    /// The axes that can hold channels: the first and the last of a picture's three.
    private let candidates: [Int]
    /// For each of the picture's three axes, the index along it of every element in front of the first convolutions.
    private var indices: [Int: FieldPropagation] = [:]
    private let lengths: [Int: Int]

    init?(_ graph: Graph, from input: ValueID) {
        guard let shape = graph.shape(of: input), (3...4).contains(shape.rank),
            shape.dimensions.allSatisfy({ $0 > 0 })
        else { return nil }
        self.graph = graph
        self.input = input
        let axes = (shape.rank - 3)..<shape.rank
        candidates = [axes.lowerBound, axes.upperBound - 1]
        lengths = Dictionary(uniqueKeysWithValues: axes.map { ($0, shape[$0]) })
        for axis in axes {
            var propagation = FieldPropagation(graph, .coordinates)
            propagation[input] = ElementField((0..<shape[axis]).map { Double($0) }, along: axis, rank: shape.rank)
            indices[axis] = propagation
        }
    }

    /// What the first convolution or patch embedding that decides says, else the first pooling or normalisation.
    mutating func axis() -> Int? {
        var isInFront = [Bool](repeating: false, count: graph.values.count)
        isInFront[input.index] = true
        var hint: Int?
        for node in graph.nodes where node.operands.contains(where: { isInFront[$0.index] }) {
            let first = node.input(0).flatMap { isInFront[$0.index] ? $0 : nil }
            if node.domain.isEmpty, let first {
                if Self.convolutions.contains(node.operation) {
                    if let axis = channels(of: first, at: 1) { return axis }
                    continue
                }
                if Self.windows.contains(node.operation) { hint = hint ?? channels(of: first, at: 1) }
                if ["MatMul", "MatMulInteger"].contains(node.operation), let axis = embeddedChannels(of: first) {
                    return axis
                }
            }
            for axis in lengths.keys { indices[axis]?.follow(node) }
            for result in node.results { isInFront[result.index] = true }
        }
        return hint
    }

    private static let convolutions: Set<String> = [
        "Conv", "ConvInteger", "QLinearConv", "DeformConv", "ConvTranspose",
    ]

    /// Operators whose second axis is that of the channels.
    private static let windows: Set<String> = [
        "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "BatchNormalization",
        "InstanceNormalization", "GroupNormalization", "LRN", "DepthToSpace", "SpaceToDepth",
    ]

    /// The axes of a value along which an axis of the input runs; nil where that was lost.
    private func run(_ axis: Int, in value: ValueID) -> [Int]? { indices[axis]?[value]?.axes }

    /// The input axis whose elements stand along one axis of a value alone, while the others run along its axes of places.
    private func channels(of value: ValueID, at position: Int) -> Int? {
        guard let rank = graph.shape(of: value)?.rank, rank > 2 else { return nil }
        var (alone, apart): ([Int], [Int]) = ([], [])
        for axis in lengths.keys.sorted() {
            guard let along = run(axis, in: value) else { return nil }
            if along == [position] { alone.append(axis) }
            if !along.contains(where: { $0 > position }), along != [0] { apart.append(axis) }
        }
        // An axis of length 1 runs along none: it is the channels where only one axis is left over.
        let found = alone.count == 1 ? alone[0] : alone.isEmpty && apart.count == 1 ? apart[0] : nil
        return found.flatMap { candidates.contains($0) ? $0 : nil }
    }

    /// The input axis that runs only along the last axis of tokens that hold a patch each.
    private func embeddedChannels(of value: ValueID) -> Int? {
        guard let rank = graph.shape(of: value)?.rank, rank > 2 else { return nil }
        let along = lengths.keys.sorted().map { (axis: $0, axes: run($0, in: value) ?? []) }
        let patched = along.filter { $0.axes.contains(rank - 1) && $0.axes.count > 1 }
        let rest = along.filter { entry in !patched.contains { $0.axis == entry.axis } }
        guard patched.count == 2, rest.count == 1, rest[0].axes.allSatisfy({ $0 == rank - 1 }) else { return nil }
        return candidates.contains(rest[0].axis) ? rest[0].axis : nil
    }
}
