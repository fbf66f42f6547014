import Tensors

/// Carries numbers that elements of some values have through the graph's nodes: abstract interpretation, without running anything.
///
/// Values need concrete shapes (see `specialised`). A value that cannot be followed has no field.
struct FieldPropagation {
    let graph: Graph
    let merging: FieldMerging
    private(set) var fields: [ElementField?]
    /// Replaces what a value's node would give; for asking what happens without some elements.
    var override: (value: ValueID, change: @Sendable (ElementField) -> ElementField?)?

    init(_ graph: Graph, _ merging: FieldMerging) {
        self.graph = graph
        self.merging = merging
        fields = [ElementField?](repeating: nil, count: graph.values.count)
    }

    subscript(value: ValueID) -> ElementField? {
        get { fields[value.index] }
        set { fields[value.index] = newValue }
    }

    /// Follows every node from `start` on, up to `end` where that is given.
    mutating func run(from start: Int = 0, upTo end: Int? = nil) {
        for node in graph.nodes[start..<(end ?? graph.nodes.count)] { follow(node) }
    }

    /// Follows one node.
    mutating func follow(_ node: Node) {
        guard node.operands.contains(where: { fields[$0.index] != nil }) else { return }
        for (index, result) in node.outputs.enumerated() {
            guard let result, let shape = graph.shape(of: result), fields[result.index] == nil else { continue }
            var field = self.field(ofResult: index, node, shape.dimensions)
            if let known = field, !Self.fits(known, shape.dimensions) { field = nil }
            if let override, override.value == result { field = field.flatMap(override.change) }
            fields[result.index] = field
        }
    }

    private static func fits(_ field: ElementField, _ shape: [Int]) -> Bool {
        field.rank == shape.count && zip(field.lengths, shape).allSatisfy { $0 == 1 || $0 == $1 }
    }

    // MARK: What rules read

    func shape(_ node: Node, _ index: Int) -> [Int]? {
        node.input(index).flatMap { graph.shape(of: $0)?.dimensions }
    }

    func field(_ node: Node, _ index: Int) -> ElementField? { node.input(index).flatMap { fields[$0.index] } }

    func integers(_ node: Node, _ index: Int) -> [Int]? { node.input(index).flatMap { graph[$0].constant?.integers } }

    /// An axis that may count from the end; nil where it lies outside.
    func axis(_ axis: Int, rank: Int) -> Int? {
        let resolved = axis < 0 ? axis + rank : axis
        return (0..<rank).contains(resolved) ? resolved : nil
    }

    // MARK: Rules

    private func field(ofResult index: Int, _ node: Node, _ shape: [Int]) -> ElementField? {
        guard node.domain.isEmpty else { return elementwise(node, shape) }
        switch node.operation {
        case "Reshape", "Flatten", "Squeeze", "Unsqueeze": return reshaped(node, shape)
        case "Transpose": return transposed(node)
        case "Slice": return sliced(node)
        case "Split": return split(node, index)
        case "Gather": return gathered(node, shape)
        case "Concat": return concatenated(node, shape)
        case "Pad": return padded(node, shape)
        case "Expand": return field(node, 0)?.padded(to: shape.count)
        case "Tile": return tiled(node, shape)
        case "SpaceToDepth": return spaceToDepth(node, shape)
        case "DepthToSpace": return depthToSpace(node, shape)
        case "Where": return joined([field(node, 1), field(node, 2)], shape)
        case "Conv", "DeformConv", "ConvInteger", "QLinearConv": return convolved(node, shape)
        case "ConvTranspose": return convolvedTransposed(node, shape)
        case "MaxPool", "AveragePool", "LpPool": return index == 0 ? pooled(node, shape) : nil
        case "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool":
            return field(node, 0)?.merged(over: Array(shape.indices.dropFirst(2)), merging)
        case "Resize", "Upsample": return resized(node, shape)
        case "MatMul", "MatMulInteger": return product(node, shape)
        case "Gemm": return linear(node, shape)
        case "Einsum": return contracted(node, shape)
        case "Attention": return index == 0 ? attended(node, shape) : nil
        case "ScatterND": return scattered(node, shape)
        case _ where node.operation.hasPrefix("Reduce"), "ArgMax", "ArgMin": return reduced(node, shape)
        // A step of a recurrent network carries all steps before it, in features of its own.
        case "LSTM", "GRU", "RNN": return merging == .influence ? ElementField(1, rank: shape.count) : nil
        case _ where index > 0: return merging == .influence ? ElementField(1, rank: shape.count) : nil
        default: return elementwise(node, shape)
        }
    }

    /// Operators that keep elements where they are, with whatever broadcasts to the result.
    private func elementwise(_ node: Node, _ shape: [Int]) -> ElementField? {
        let known = node.inputs.map { input -> ElementField? in
            guard let input, let field = fields[input.index], let own = graph.shape(of: input)?.dimensions,
                own.count <= shape.count,
                zip(own.reversed(), shape.reversed()).allSatisfy({ $0 == $1 || $0 == 1 })
            else { return nil }
            return field
        }
        guard merging == .influence else { return joined(known, shape) }
        let joined = joined(known, shape)
        if let joined, let axes = mixedAxes(node, rank: shape.count) { return joined.merged(over: axes, merging) }
        // An operator that is not known may bring anything anywhere.
        let lost =
            zip(node.inputs, known).contains { $0.flatMap { fields[$0.index] } != nil && $1 == nil }
            || node.captures.contains { fields[$0.index] != nil }
        return lost ? ElementField(1, rank: shape.count) : joined
    }

    /// The axes within which an operator of the result's shape brings elements together.
    private func mixedAxes(_ node: Node, rank: Int) -> [Int]? {
        switch node.operation {
        case "Softmax", "LogSoftmax", "Hardmax", "LpNormalization", "CumSum":
            return axis(node.integer("axis") ?? -1, rank: rank).map { [$0] }
        case "LayerNormalization", "RMSNormalization":
            return axis(node.integer("axis") ?? -1, rank: rank).map { Array($0..<rank) }
        case "InstanceNormalization": return Array((0..<rank).dropFirst(2))
        case "GroupNormalization", "MeanVarianceNormalization", "LRN": return Array((0..<rank).dropFirst(1))
        default: return nil
        }
    }

    func joined(_ parts: [ElementField?], _ shape: [Int]) -> ElementField? {
        var result: ElementField?
        for case let part? in parts {
            let part = part.padded(to: shape.count)
            result = result.map { ElementField.joined($0, part, merging) } ?? part
        }
        return result
    }
}
