import Tensors

extension RebatchingRules {
    private static let elementwise: Set<String> = [
        "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cast", "Ceil", "Celu", "Clip", "Cos", "Cosh",
        "Dropout", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN",
        "LeakyRelu", "Log", "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign",
        "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Tan", "Tanh", "ThresholdedRelu",
    ]
    private static let broadcasting: Set<String> = [
        "Add", "And", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "Greater", "GreaterOrEqual",
        "Less", "LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul", "Or", "Pow", "PRelu", "Sub", "Sum", "Where", "Xor",
    ]
    /// Operators whose first axis holds samples by definition.
    private static let samplesFirst: Set<String> = [
        "AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "DepthToSpace", "GlobalAveragePool",
        "GlobalLpPool", "GlobalMaxPool", "GroupNormalization", "InstanceNormalization", "LRN", "LpPool", "MaxPool",
        "SpaceToDepth", "Upsample",
    ]
    private static let alongOneAxis: Set<String> = [
        "CumSum", "Hardmax", "LogSoftmax", "LpNormalization", "Softmax", "TopK",
    ]

    mutating func step(for node: Node) throws(GraphError) -> RebatchingStep {
        guard node.domain.isEmpty, node.captures.isEmpty else {
            throw obstacle(node, "how it treats samples is not known")
        }
        switch node.operation {
        case let name where Self.elementwise.contains(name): return same(node, try solePlace(node))
        case let name where Self.broadcasting.contains(name): return try broadcast(node)
        case let name where Self.samplesFirst.contains(name): return try first(node)
        case let name where Self.alongOneAxis.contains(name): return try alongOneAxis(node)
        case let name where name.hasPrefix("Reduce"): return try reduction(node, axes: try reducedAxes(node))
        case "ArgMax", "ArgMin": return try reduction(node, axes: [node.integer("axis") ?? 0])
        case "LayerNormalization": return try layerNormalization(node)
        case "MeanVarianceNormalization": return try meanVarianceNormalization(node)
        case "QuantizeLinear", "DequantizeLinear": return try quantization(node)
        case "Resize": return try resize(node)
        case "GridSample": return try gridSample(node)
        case "Reshape": return try reshape(node)
        case "Flatten": return try flatten(node)
        case "Squeeze": return try squeeze(node)
        case "Unsqueeze": return try unsqueeze(node)
        case "Transpose": return try transpose(node)
        case "Trilu": return try trilu(node)
        case "Concat": return try concatenation(node)
        case "Split": return try split(node)
        case "Slice": return try slice(node)
        case "Pad": return try pad(node)
        case "Gather": return try gather(node)
        case "GatherElements": return try gatherElements(node)
        case "Expand": return try expand(node)
        case "Tile": return try tile(node)
        case "MatMul": return try matrixProduct(node)
        case "Gemm": return try gemm(node)
        case "Einsum": return try einsum(node)
        case "LSTM", "GRU", "RNN": return try recurrence(node)
        default: throw obstacle(node, "how it treats samples is not known")
        }
    }

    // MARK: One axis for the samples, left as it is

    private func first(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        guard place.axis == 0 else { throw obstacle(node, "the samples do not lie along its first axis") }
        guard node.integer("training_mode") != 1 else { throw obstacle(node, "it mixes the samples (training mode)") }
        return same(node, place)
    }

    private func gridSample(_ node: Node) throws(GraphError) -> RebatchingStep {
        let places = [place(node, 0), place(node, 1)]
        guard let place = places[0] ?? places[1], place.axis == 0, places.allSatisfy({ $0 == nil || $0 == place })
        else { throw obstacle(node, "the samples do not lie along its first axis") }
        var step = same(node, place)
        for index in 0..<2 where places[index] == nil { step.repeated[index] = place }
        return step
    }

    /// An axis that may be counted from the end.
    private func axis(_ axis: Int, rank: Int) -> Int { axis < 0 ? axis + rank : axis }

    private func alongOneAxis(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        let given = node.operation == "CumSum" ? try integers(node, 1)?.first : node.integer("axis")
        guard axis(given ?? -1, rank: try shape(node.input(0), of: node).count) != place.axis else {
            throw obstacle(node, "it mixes the samples")
        }
        return same(node, place)
    }

    private func layerNormalization(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        let rank = try shape(node.input(0), of: node).count
        guard place.axis < axis(node.integer("axis") ?? -1, rank: rank) else {
            throw obstacle(node, "it mixes the samples")
        }
        return same(node, place)
    }

    private func meanVarianceNormalization(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        let rank = try shape(node.input(0), of: node).count
        let axes = (node.integers("axes") ?? [0, 2, 3]).map { axis($0, rank: rank) }
        // With one sample, its axis takes part in the mean without mixing anything.
        guard !axes.contains(place.axis) || (batch == 1 && place.inner * place.outer == 1) else {
            throw obstacle(node, "it mixes the samples")
        }
        var step = same(node, place)
        step.attributes["axes"] = .integers(axes.filter { $0 != place.axis })
        return step
    }

    private func quantization(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        let scale = try shape(node.input(1), of: node)
        let rank = try shape(node.input(0), of: node).count
        guard Shape(scale).count == 1 || axis(node.integer("axis") ?? 1, rank: rank) != place.axis else {
            throw obstacle(node, "its scale differs along the axis of the samples")
        }
        return same(node, place)
    }

    private func trilu(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        guard place.axis < (try shape(node.input(0), of: node).count) - 2 else {
            throw obstacle(node, "it mixes the samples")
        }
        return same(node, place)
    }

    private func resize(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        let shape = try shape(node.input(0), of: node)
        guard let result = node.output(0), let after = graph.shape(of: result),
            after.rank == shape.count, after[place.axis] == shape[place.axis]
        else { throw obstacle(node, "it resizes the axis of the samples") }
        var step = same(node, place)
        if let sizes = try integers(node, 3), !sizes.isEmpty {
            let axes = (node.integers("axes") ?? Array(shape.indices)).map { axis($0, rank: shape.count) }
            let growing = axes.indices.filter { axes[$0] == place.axis }
            step.lengths[3] = RebatchingStep.Lengths(values: sizes, growing: Set(growing))
        }
        return step
    }

    private func recurrence(_ node: Node) throws(GraphError) -> RebatchingStep {
        let place = try solePlace(node)
        guard place.axis == 1, node.integer("layout") ?? 0 == 0, node.input(4) == nil else {
            throw obstacle(node, "the samples do not lie along its second axis")
        }
        var step = same(node, place)
        step.results[0]?.axis = 2
        for index in 5...6 where node.input(index) != nil { step.repeated[index] = place }
        return step
    }

    // MARK: Reductions

    /// nil stands for all axes.
    private func reducedAxes(_ node: Node) throws(GraphError) -> [Int]? {
        let axes = try integers(node, 1) ?? node.integers("axes") ?? []
        return axes.isEmpty ? (node.integer("noop_with_empty_axes") == 1 ? [] : nil) : axes
    }

    private func reduction(_ node: Node, axes: [Int]?) throws(GraphError) -> RebatchingStep {
        var place = try solePlace(node)
        let rank = try shape(node.input(0), of: node).count
        guard let reduced = axes?.map({ axis($0, rank: rank) }), !reduced.contains(place.axis) else {
            throw obstacle(node, "it mixes the samples")
        }
        if node.integer("keepdims") == 0 { place.axis -= reduced.count { $0 < place.axis } }
        return same(node, place)
    }

    // MARK: Products

    private func matrixProduct(_ node: Node) throws(GraphError) -> RebatchingStep {
        let ranks = [try shape(node.input(0), of: node).count, try shape(node.input(1), of: node).count]
        guard ranks.allSatisfy({ $0 > 1 }) else {
            let place = try solePlace(node)
            guard ranks == [max(ranks[0], 2), 1], place.axis < ranks[0] - 1 else {
                throw obstacle(node, "it mixes the samples")
            }
            return same(node, place)
        }
        let rank = ranks.max() ?? 2
        var found: BatchAxis?
        for (index, summed) in [ranks[0] - 1, ranks[1] - 2].enumerated() {
            guard var place = place(node, index) else { continue }
            guard place.axis != summed else { throw obstacle(node, "it mixes the samples") }
            place.axis += rank - ranks[index]
            guard found == nil || (found == place && place.axis < rank - 2) else {
                throw obstacle(node, "its operands hold the samples along different axes")
            }
            found = place
        }
        guard let place = found else { throw obstacle(node, "no operand holds the samples") }
        var step = same(node, place)
        for index in 0..<2 where place.axis < rank - 2 {
            try align(index, of: node, to: place, rank: rank, in: &step)
        }
        return step
    }

    private func gemm(_ node: Node) throws(GraphError) -> RebatchingStep {
        guard var place = place(node, 0), self.place(node, 1) == nil,
            place.axis == (node.integer("transA") ?? 0 != 0 ? 1 : 0)
        else { throw obstacle(node, "it mixes the samples") }
        place.axis = 0
        var step = same(node, place)
        if node.input(2) != nil { try align(2, of: node, to: place, rank: 2, in: &step) }
        return step
    }

    private func einsum(_ node: Node) throws(GraphError) -> RebatchingStep {
        let halves = (node.string("equation") ?? "").filter { $0 != " " }.split(separator: "-")
        guard halves.count == 2, halves[1].first == ">", !halves.joined().contains(".") else {
            throw obstacle(node, "its equation does not tell the axis of the samples")
        }
        let terms = halves[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
        let output = Array(halves[1].dropFirst())
        var label: Character?
        var found: BatchAxis?
        for (index, term) in terms.enumerated() {
            guard let place = place(node, index), place.axis < term.count else { continue }
            guard label == nil || label == term[place.axis],
                found == nil || (found?.outer == place.outer && found?.inner == place.inner)
            else { throw obstacle(node, "its operands hold the samples along different axes") }
            (label, found) = (term[place.axis], place)
        }
        guard let label, var place = found, let axis = output.firstIndex(of: label) else {
            throw obstacle(node, "it mixes the samples")
        }
        place.axis = axis
        var step = same(node, place)
        for (index, term) in terms.enumerated() where self.place(node, index) == nil {
            guard let axis = term.firstIndex(of: label) else { continue }
            step.repeated[index] = BatchAxis(axis, outer: place.outer, inner: place.inner)
        }
        return step
    }

    // MARK: Broadcasting

    private func broadcast(_ node: Node) throws(GraphError) -> RebatchingStep {
        let rank = try shape(node.output(0), of: node).count
        var found: BatchAxis?
        for index in node.inputs.indices {
            guard var place = place(node, index) else { continue }
            place.axis += rank - (try shape(node.input(index), of: node).count)
            guard found == nil || found == place else {
                throw obstacle(node, "its operands hold the samples along different axes")
            }
            found = place
        }
        guard let place = found else { throw obstacle(node, "no operand holds the samples") }
        var step = same(node, place)
        for index in node.inputs.indices { try align(index, of: node, to: place, rank: rank, in: &step) }
        return step
    }

    /// An operand without samples broadcasts along their axis, or is repeated for every sample.
    func align(
        _ index: Int, of node: Node, to place: BatchAxis, rank: Int, in step: inout RebatchingStep
    ) throws(GraphError) {
        guard self.place(node, index) == nil, node.input(index) != nil else { return }
        let shape = try shape(node.input(index), of: node)
        let axis = place.axis - (rank - shape.count)
        guard axis >= 0, shape[axis] != 1 else { return }
        guard shape[axis] == place.length(for: batch) else {
            throw obstacle(node, "the samples meet another axis of it")
        }
        step.repeated[index] = BatchAxis(axis, outer: place.outer, inner: place.inner)
    }

    private func expand(_ node: Node) throws(GraphError) -> RebatchingStep {
        var place = try solePlace(node)
        let result = try shape(node.output(0), of: node)
        place.axis += result.count - (try shape(node.input(0), of: node).count)
        var step = same(node, place)
        step.lengths[1] = RebatchingStep.Lengths(values: result, growing: [place.axis])
        return step
    }

    private func tile(_ node: Node) throws(GraphError) -> RebatchingStep {
        var place = try solePlace(node)
        guard let repeats = try integers(node, 1), place.axis < repeats.count else {
            throw obstacle(node, "its repeats are not known")
        }
        place.outer *= repeats[place.axis]
        return same(node, place)
    }
}
