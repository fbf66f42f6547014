public import Tensors

/// A value of a model that a map can be made at, with the names by which people know it.
public struct Layer: Sendable, Hashable {
    /// The value in the graph.
    package let value: ValueID
    /// The human name: module path, weight stem, node name, or operator with number.
    public let name: String
    /// The ONNX name of the tensor.
    public let tensorName: String
    /// The operator that computes it.
    public let operation: String
    /// The concrete shape of the tensor as it is.
    public let shape: Shape
    /// How it lies over the picture; nil where it is no map of more than one cell.
    public let layout: MapLayout?

    /// Whether it is a map of more than one cell, in whatever order its elements stand.
    public var isSpatial: Bool { layout != nil }

    /// The layer with another layout.
    package func with(layout: MapLayout?) -> Layer {
        Layer(value: value, name: name, tensorName: tensorName, operation: operation, shape: shape, layout: layout)
    }
}

extension Graph {
    /// Every node's first result with a human name, in the graph's order; names are unique.
    ///
    /// Of several results of one module the last goes by the module's name, as a hook on the module would give it; the
    /// others have their operator behind it. Shapes must be known (see `specialised`); values without one are left out.
    ///
    /// - Parameter input: The input whose places are meant; nil is the first picture.
    package func layers(from input: ValueID? = nil) -> [Layer] { layers(PositionAnalysis(self, from: input)) }

    func layers(_ analysis: PositionAnalysis) -> [Layer] {
        let layouts = layouts(analysis)
        var ordinals: [String: Int] = [:]
        let containers = Set(
            nodes.flatMap { node in node.origin.modulePath.indices.map { node.origin.modulePath.prefix($0) } })
        var entries: [(stem: String, node: Node, value: ValueID, shape: Shape)] = []
        for node in nodes {
            ordinals[node.operation, default: 0] += 1
            guard let value = node.output(0), let shape = shape(of: value) else { continue }
            let stem = humanName(node, containers) ?? numberedName(node, ordinals[node.operation] ?? 1, shape)
            entries.append((stem, node, value, shape))
        }
        var last: [String: Int] = [:]
        for (position, entry) in entries.enumerated() { last[entry.stem] = position }
        var used: [String: Int] = [:]
        return entries.enumerated().map { position, entry in
            let base = last[entry.stem] == position ? entry.stem : "\(entry.stem)/\(entry.node.operation)"
            used[base, default: 0] += 1
            let count = used[base] ?? 1
            return Layer(
                value: entry.value, name: count == 1 ? base : "\(base)#\(count)", tensorName: self[entry.value].name,
                operation: entry.node.qualifiedOperation, shape: entry.shape, layout: layouts[entry.value.index])
        }
    }

    /// The layout of every node's first result.
    ///
    /// A graph in which no value can be followed back to a picture (a spectrogram that it computes itself) keeps the convention
    /// that values of rank 4 that come of windows are `[B, C, H, W]` and those of rank 5 `[B, C, D, H, W]`, laid evenly over the
    /// input.
    private func layouts(_ analysis: PositionAnalysis) -> [MapLayout?] {
        var layouts = [MapLayout?](repeating: nil, count: values.count)
        let results = nodes.compactMap { $0.output(0) }
        for value in results { layouts[value.index] = analysis.layout(of: value) }
        guard layouts.allSatisfy({ $0 == nil }) else { return layouts }
        let isConventional = conventionalMaps()
        for value in results where isConventional[value.index] {
            guard let shape = shape(of: value) else { continue }
            layouts[value.index] = MapLayout(map: shape, tiling: analysis.picture?.lengths)
        }
        return layouts
    }

    /// Which values are maps by convention: what a window that slides over two axes or more reads and computes, and what keeps its axes.
    ///
    /// Other values of as many axes hold time or features: results of recurrent networks, attention, features seen as a matrix, and what windows
    /// over these compute.
    func conventionalMaps() -> [Bool] {
        var kinds = [ConventionalKind?](repeating: nil, count: values.count)
        for node in nodes {
            let known = node.operands.compactMap { kinds[$0.index] }
            for result in node.results {
                let rank = shape(of: result)?.rank ?? 0
                let isKept = node.domain.isEmpty && rank > 3
                if isKept, Self.windows.contains(node.operation), let read = node.input(0) {
                    kinds[result.index] = kinds[read.index] == .other ? .other : .map
                    var value: ValueID? = read
                    while let current = value, kinds[current.index] == nil {
                        kinds[current.index] = .map
                        value = producingNode(of: current).flatMap { keptOperand(of: $0, current) }
                    }
                } else if !known.isEmpty, kinds[result.index] == nil {
                    let first = node.operands.filter { shape(of: $0)?.rank == rank }.compactMap { kinds[$0.index] }
                    if isKept, node.operation == "Transpose" {
                        kinds[result.index] = first.first == .other ? .other : .moved
                    } else if isKept, !Self.mixing.contains(node.operation) {
                        kinds[result.index] = first.contains(.map) ? .map : first.contains(.moved) ? .moved : .other
                    } else {
                        kinds[result.index] = .other
                    }
                }
            }
        }
        return kinds.map { $0 == .map }
    }

    /// What is known of a value of a graph without a picture: a map, one in another order of axes, or what is made of maps and is none.
    private enum ConventionalKind {
        case map, moved, other
    }

    /// The operand whose axes a node's result keeps.
    private func keptOperand(of node: Node, _ result: ValueID) -> ValueID? {
        guard node.domain.isEmpty, !Self.mixing.contains(node.operation) else { return nil }
        return node.operands.first { self[$0].constant == nil && shape(of: $0) == shape(of: result) }
    }

    private static let windows: Set<String> = [
        "Conv", "ConvInteger", "QLinearConv", "DeformConv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool",
    ]

    /// Operators that move axes or mix elements of several places.
    private static let mixing: Set<String> = [
        "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "MatMul", "MatMulInteger", "Gemm", "Einsum",
        "Attention", "LSTM", "GRU", "RNN", "Scan", "Loop",
    ]

    /// What the file itself calls the module that a node belongs to.
    ///
    /// A node right inside a module that has inner modules gets its operator's name behind it (`layer4.1.Add`), so that
    /// the
    /// module's own name is left to mean its last result.
    private func humanName(_ node: Node, _ containers: Set<ArraySlice<String>>) -> String? {
        let path = node.origin.modulePath
        if !path.isEmpty {
            return (containers.contains(path[...]) ? path + [node.operation] : path).joined(separator: ".")
        }
        return weightStem(node) ?? (Origin.isTelling(node.origin.name) ? node.origin.name : nil)
    }

    /// `layer1.0.conv1` for a node that reads the constant `layer1.0.conv1.weight`.
    private func weightStem(_ node: Node) -> String? {
        for operand in node.inputs.dropFirst().compactMap({ $0 }) where self[operand].constant != nil {
            let parts = self[operand].name.split(separator: ".")
            if let last = parts.last, parts.count > 1,
                ["weight", "bias", "running_mean", "running_var", "gamma", "kernel"].contains(last)
            {
                return parts.dropLast().joined(separator: ".")
            }
        }
        return nil
    }

    /// `Conv#17 (64x28x28)`.
    private func numberedName(_ node: Node, _ number: Int, _ shape: Shape) -> String {
        let size = shape.dimensions.dropFirst().map(String.init).joined(separator: "x")
        return "\(node.operation)#\(number)" + (size.isEmpty ? "" : " (\(size))")
    }

    /// The layer that somebody means by a tensor name, a node name, a layer name, or a module's path (its last result).
    ///
    /// - Parameter input: The input whose places are meant; nil is the first picture.
    package func layer(named name: String, from input: ValueID? = nil) throws(GraphError) -> Layer {
        let all = layers(from: input)
        if let exact = all.first(where: { $0.tensorName == name }) ?? all.first(where: { $0.name == name }) {
            return exact
        }
        if let node = nodes.last(where: { $0.origin.name == name }), let value = node.output(0),
            let layer = all.first(where: { $0.value == value })
        {
            return layer
        }
        let path = name.split(separator: ".").map(String.init)
        let inside = nodes.last { !path.isEmpty && $0.origin.modulePath.starts(with: path) }
        if let value = inside?.output(0), let layer = all.first(where: { $0.value == value }) { return layer }
        if let layer = all.last(where: { $0.name.hasPrefix(name + ".") || $0.name.hasPrefix(name + " ") }) {
            return layer
        }
        let modules = Set(
            nodes.flatMap { node in
                node.origin.modulePath.indices.map { node.origin.modulePath.prefix($0 + 1).joined(separator: ".") }
            })
        throw .unknownLayer(
            name: name, suggestions: Suggestion.nearest(to: name, among: modules.union(all.map(\.name)).sorted()))
    }
}
