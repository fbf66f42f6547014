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
    /// The layer that maps are made at when none is named: the first of `layerCandidates`.
    package func automaticLayer(from input: ValueID, to output: ValueID) throws(GraphError) -> LayerChoice {
        guard let choice = layerCandidates(from: input, to: output).first else {
            throw .unsupportedModel(
                reason:
                    "The model has no spatial map of more than one cell between '\(self[input].name)' and '\(self[output].name)'",
                advice: "Use a method on the input (gradient, gradient-x-input), or name a layer with --layer.")
        }
        return choice
    }

    /// Layers that are worth a map, the deepest first, at most six: one of each resolution, and of networks with few resolutions
    /// some at rising depth.
    ///
    /// Each is a map through which every path from `input` to `output` leads, where its resolution has one, and whose cells can change
    /// `output`: behind the last attention of a class token, patches no longer do.
    package func layerCandidates(from input: ValueID, to output: ValueID) -> [LayerChoice] {
        LayerSelection(self, from: input, to: output).candidates()
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
