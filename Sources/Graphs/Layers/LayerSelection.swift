import Tensors

/// Finds the layers of a network that are worth a map.
struct LayerSelection {
    private let graph: Graph
    private let output: ValueID
    private let analysis: PositionAnalysis
    private let path: Graph.Path
    /// Maps on the way, in order.
    private let maps: [Layer]
    private let layerOfValue: [ValueID: Layer]

    init(_ graph: Graph, from input: ValueID, to output: ValueID) {
        self.graph = graph
        self.output = output
        analysis = PositionAnalysis(graph, from: input)
        let path = graph.path(from: input, to: output)
        self.path = path
        let layers = graph.layers(analysis)
        let isPicture = Self.preparedPictures(in: graph)
        let isAttention = graph.attentionMatrices()
        maps = layers.filter {
            path.isOnPath[$0.value.index] && $0.isSpatial && !isPicture[$0.value.index] && !isAttention[$0.value.index]
        }
        layerOfValue = Dictionary(layers.map { ($0.value, $0) }) { first, _ in first }
    }

    /// Which values are the picture itself, at most normalised: no layers yet.
    private static func preparedPictures(in graph: Graph) -> [Bool] {
        var isPicture = [Bool](repeating: false, count: graph.values.count)
        for input in graph.inputs { isPicture[input.index] = true }
        let preparing = views.union(["Add", "Sub", "Mul", "Div", "Resize", "Pad"])
        for node in graph.nodes where preparing.contains(node.operation) {
            let varying = node.operands.filter { graph[$0].constant == nil }
            guard varying.count == 1, isPicture[varying[0].index] else { continue }
            for result in node.results { isPicture[result.index] = true }
        }
        return isPicture
    }

    func candidates() -> [LayerChoice] {
        guard let deepest = deepest() else { return [] }
        var chosen = [deepest]
        let resolution = { (layer: Layer) in layer.layout?.lengths ?? [] }
        var seen: Set<[Int]> = [resolution(deepest.layer)]
        let before = maps.filter { $0.value < deepest.layer.value }
        // Parts of maps, such as windows, count only where the model has no whole ones.
        let hasBottlenecks = before.contains { isBottleneck($0) }
        for layer in before.reversed() where chosen.count < 6 && seen.insert(resolution(layer)).inserted {
            let group = before.filter { resolution($0) == resolution(layer) }
            let bottleneck = group.last { isBottleneck($0) }
            let stage = withoutViews(bottleneck ?? layer)
            guard bottleneck != nil || !hasBottlenecks, influences(stage) else { continue }
            chosen.append(choice(stage, "the last map of its resolution", isBottleneck: bottleneck != nil))
        }
        // Networks that keep their resolution are told apart by depth.
        let same = before.filter { resolution($0) == resolution(deepest.layer) && isBottleneck($0) }
        for quarter in [3, 2, 1] where seen.count < 3 && !same.isEmpty {
            let layer = withoutViews(same[(same.count - 1) * quarter / 4])
            guard !chosen.contains(where: { $0.layer.value == layer.value }), influences(layer) else { continue }
            chosen.append(choice(layer, "a map about \(quarter * 25) % of the way", isBottleneck: true))
        }
        return chosen
    }

    // MARK: The deepest

    private func deepest() -> LayerChoice? {
        let bottlenecks = maps.filter { isBottleneck($0) }
        if let layer = bottlenecks.last(where: { influences($0) }) {
            let skipped = bottlenecks.last.map { $0.value != layer.value } ?? false
            let refined = lastCut(behind: layer)
            let chosen = beforePoolings(withoutViews(refined))
            let text =
                skipped || refined.value != layer.value
                ? "the last map whose cells the output reads" : "the last spatial map before the head"
            return choice(chosen, text, isBottleneck: true)
        }
        guard let layer = maps.last(where: { influences($0) }) ?? maps.last else { return nil }
        return choice(beforePoolings(withoutViews(layer)), "the last spatial map before the head", isBottleneck: false)
    }

    private func isBottleneck(_ layer: Layer) -> Bool { path.isBottleneck[layer.value.index] }

    private func influences(_ layer: Layer, cut: ValueID? = nil) -> Bool {
        // Without places there is nothing to follow (see `Graph.layouts`).
        guard analysis.positions(of: layer.value) != nil else { return true }
        return graph.placesInfluence(output, at: layer.value, analysis: analysis, cut: cut)
    }

    /// Behind the tokens that enter the last block, the last tokens through which all patches reach the output: what a class token's
    /// last attention reads. The residual sum beside them carries patches that nothing reads any more.
    private func lastCut(behind layer: Layer) -> Layer {
        guard let layout = layer.layout, layout.tokensWithoutPlace > 0 else { return layer }
        return maps.last { other in
            other.value > layer.value && other.layout?.tokensWithoutPlace == layout.tokensWithoutPlace
                && other.layout?.shape == layout.shape && influences(other) && !influences(layer, cut: other.value)
        } ?? layer
    }

    private static let views: Set<String> = [
        "Identity", "Dropout", "Cast", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice",
    ]

    /// The value that a mere view shows: the same numbers in another order.
    private func withoutViews(_ layer: Layer) -> Layer {
        var layer = layer
        while Self.views.contains(layer.operation), let before = operand(of: layer),
            let layout = before.layout, layout.shape == layer.layout?.shape
        {
            layer = before
        }
        return layer
    }

    /// Poolings only coarsen a map: the one that enters them is chosen.
    private func beforePoolings(_ layer: Layer) -> Layer {
        var layer = layer
        while let before = operand(of: layer), before.isSpatial, isPooling(layer, of: before) {
            layer = withoutViews(before)
        }
        return layer
    }

    /// Of tiles that the batch holds, global poolings leave a map of their own.
    private func isPooling(_ layer: Layer, of before: Layer) -> Bool {
        switch layer.operation {
        case "MaxPool", "AveragePool": true
        case "GlobalMaxPool", "GlobalAveragePool", "ReduceMax", "ReduceMean":
            (before.layout?.cells ?? 0) > (layer.layout?.cells ?? 0)
        default: false
        }
    }

    private func operand(of layer: Layer) -> Layer? {
        graph.producingNode(of: layer.value)?.input(0).flatMap { layerOfValue[$0] }
    }

    // MARK: Words

    private func choice(_ layer: Layer, _ text: String, isBottleneck: Bool) -> LayerChoice {
        guard let layout = layer.layout else { return LayerChoice(layer: layer, reason: text) }
        var facts = ["\(layout.lengths.map(String.init).joined(separator: "x")) cells", "\(layout.channels) channels"]
        if layout.tokensWithoutPlace > 0 {
            let count = layout.tokensWithoutPlace
            facts.append("\(count) token\(count == 1 ? "" : "s") without a place left out")
        }
        var reason = "\(text) (\(facts.joined(separator: ", ")), by \(layer.operation))"
        if !isBottleneck { reason += "; other paths lead around it, so it does not see everything" }
        let behind = operations(behind: layer.value)
        if !behind.isEmpty { reason += "; behind it: \(behind.joined(separator: ", "))" }
        return LayerChoice(layer: layer, reason: reason)
    }

    private func operations(behind value: ValueID) -> [String] {
        let depends = graph.values(dependingOn: [value])
        var names: [String] = []
        for node in graph.nodes {
            guard let result = node.output(0), path.isOnPath[result.index], depends[result.index], result != value,
                !["Identity", "Dropout"].contains(node.operation)
            else { continue }
            names.append(node.operation)
        }
        return names.count > 8 ? Array(names.prefix(7)) + ["…"] : names
    }
}
