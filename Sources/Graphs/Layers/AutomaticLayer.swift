import Tensors

/// The layer that Gaze picks when none is named, with the reason in words.
public struct LayerChoice: Sendable, Hashable {
    /// The layer.
    public let layer: Layer
    /// One sentence.
    public let reason: String

    package init(layer: Layer, reason: String) {
        self.layer = layer
        self.reason = reason
    }
}

extension Graph {
    /// The last spatial map before the head: the last value of rank 4 with more than one position through which every
    /// path
    /// from the input to `output` leads; where poolings end the trunk, the map that enters the first of them.
    package func automaticLayer(from input: ValueID, to output: ValueID) throws(GraphError) -> LayerChoice {
        let all = layers()
        let path = path(from: input, to: output)
        let spatial = all.filter { path.isOnPath[$0.value.index] && $0.isSpatial }
        guard let last = spatial.last else {
            throw .unsupportedModel(
                reason:
                    "The model has no spatial map [B, C, H, W] between '\(self[input].name)' and '\(self[output].name)'",
                advice: "Use a method on the input (gradient, gradient-x-input), or name a layer with --layer.")
        }
        let bottleneck = spatial.last { path.isBottleneck[$0.value.index] }
        let chosen = beforePooling(bottleneck ?? last, among: all)
        let size = chosen.shape.dimensions
        var reason =
            "the last spatial map before the head (\(size[2])x\(size[3]) cells, \(size[1]) channels, by \(chosen.operation))"
        if bottleneck == nil { reason += "; other paths lead around it, so it does not see everything" }
        let behind = operations(behind: chosen.value, path: path)
        if !behind.isEmpty { reason += "; behind it: \(behind.joined(separator: ", "))" }
        return LayerChoice(layer: chosen, reason: reason)
    }

    /// Poolings and their like only coarsen a map: the one that enters them is chosen.
    private func beforePooling(_ layer: Layer, among all: [Layer]) -> Layer {
        var layer = layer
        while ["MaxPool", "AveragePool", "Dropout", "Identity"].contains(layer.operation),
            let operand = producingNode(of: layer.value)?.input(0),
            let before = all.first(where: { $0.value == operand }), before.isSpatial
        {
            layer = before
        }
        return layer
    }

    private func operations(behind value: ValueID, path: Path) -> [String] {
        let depends = values(dependingOn: [value])
        var names: [String] = []
        for node in nodes {
            guard let result = node.output(0), path.isOnPath[result.index], depends[result.index], result != value,
                !["Identity", "Dropout"].contains(node.operation)
            else { continue }
            names.append(node.operation)
        }
        return names.count > 8 ? Array(names.prefix(7)) + ["…"] : names
    }

    /// The values between an input and an output, and those of them that no path avoids.
    package struct Path: Sendable {
        package let isOnPath: [Bool]
        package let isBottleneck: [Bool]
    }

    /// Which values lie between `input` and `output`, and which are the only live one at some moment (every path leads
    /// through them).
    package func path(from input: ValueID, to output: ValueID) -> Path {
        let forward = values(dependingOn: [input])
        let needed = neededNodes(for: [output]).values
        let onPath = zip(forward, needed).map { $0 && $1 }
        var lastUse = [Int](repeating: -1, count: values.count)
        for (position, node) in nodes.enumerated() where node.results.contains(where: { onPath[$0.index] }) {
            for operand in node.operands where onPath[operand.index] { lastUse[operand.index] = position }
        }
        lastUse[output.index] = nodes.count
        var live: Set<ValueID> = onPath[input.index] ? [input] : []
        var bottleneck = [Bool](repeating: false, count: values.count)
        for (position, node) in nodes.enumerated() where node.results.contains(where: { onPath[$0.index] }) {
            for operand in node.operands where lastUse[operand.index] <= position { live.remove(operand) }
            live.formUnion(node.results.filter { onPath[$0.index] && lastUse[$0.index] > position })
            if live.count == 1, let only = live.first { bottleneck[only.index] = true }
        }
        return Path(isOnPath: onPath, isBottleneck: bottleneck)
    }
}
