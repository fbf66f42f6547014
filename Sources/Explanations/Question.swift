package import Graphs
import Tensors

/// What is asked of a model of known shapes: which score, at which layer, for which input.
package struct Question: Sendable {
    /// The model, specialised to the shapes of its inputs.
    package let graph: Graph
    /// The values that the score is a weighted sum of.
    package let scored: [ValueID]
    /// The input that is explained.
    package let input: ValueID
    /// The layer that somebody named.
    package let namedLayer: Layer?
    /// What stands instead of the automatic choice, for methods that leave the choice open.
    private let chosen: LayerChoice?
    /// The number of samples.
    package let batch: Int
    /// How many values the model has; what a target appends behind them is no layer of the model.
    package let modelValues: Int
    /// The choice needs an analysis of the whole graph, and several methods ask for it.
    private let choice = RecentlyUsed<ValueID, LayerChoice>(capacity: 1)
    private let head = RecentlyUsed<ValueID, AveragingHead>(capacity: 1)

    package init(
        graph: Graph, scored: [ValueID], input: ValueID, namedLayer: Layer?, chosen: LayerChoice? = nil, batch: Int,
        modelValues: Int? = nil
    ) {
        self.graph = graph
        self.scored = scored
        self.input = input
        self.namedLayer = namedLayer
        self.chosen = chosen
        self.batch = batch
        self.modelValues = modelValues ?? graph.values.count
    }

    /// The layer of layer methods: the named one, or the automatic choice.
    package func layer() throws -> LayerChoice {
        if let namedLayer {
            try requireReached(namedLayer.value, name: namedLayer.name)
            return LayerChoice(layer: namedLayer, reason: "named by the user")
        }
        if let chosen { return chosen }
        guard let scored = scored.first else {
            throw ExplanationError.target(text: "", reason: "it reads no output")
        }
        return try choice.value(for: scored) {
            try graph.automaticLayer(from: input, to: end(of: scored))
        }
    }

    /// Fails where a value depends on other inputs alone: a map there says nothing about the explained one.
    private func requireReached(_ value: ValueID, name: String) throws {
        let reaching = graph.inputs(reaching: value)
        guard !reaching.isEmpty, !graph.values(dependingOn: [input])[value.index] else { return }
        throw ExplanationError.unreachedLayer(
            layer: name, input: graph[graph.inputs(reaching: input).first ?? input].name,
            inputs: reaching.map { graph[$0].name })
    }

    /// The layers that the automatic choice is made among, its choice first.
    package func layerCandidates() throws -> [LayerChoice] {
        guard let scored = scored.first else { return [] }
        return graph.layerCandidates(from: input, to: end(of: scored))
    }

    /// Where layers of interest end.
    private func end(of scored: ValueID) -> ValueID {
        guard scored.index >= modelValues else { return graph.trunkEnd(of: scored, from: input) }
        let read = graph.modelValue(behind: scored, of: modelValues)
        return graph.trunkEnd(of: graph.valueBeforeActivation(read), from: input)
    }

    /// The layer with how it lies over the picture; fails where it is no map.
    package func spatialLayer(for method: String) throws -> (layer: Layer, layout: MapLayout) {
        try Self.spatial(layer().layer, for: method)
    }

    /// A layer with how it lies over the picture; fails where it is no map.
    package static func spatial(_ layer: Layer, for method: String) throws -> (layer: Layer, layout: MapLayout) {
        guard let layout = layer.layout else {
            throw ExplanationError.unsuitable(
                method: method,
                reason:
                    "the layer '\(layer.name)' of shape \(layer.shape) is no map of cells over the picture; name another with --layer ('gaze inspect MODEL' lists them)"
            )
        }
        return (layer, layout)
    }

    /// The explained input's channels, rows and columns; fails where a sample of it is no single picture.
    package func planes(for method: String) throws -> PicturePlanes {
        let shape = graph.shape(of: input) ?? []
        let isSampled = shape.dimensions.first == batch
        guard let planes = isSampled ? PicturePlanes(sampleOf: input, in: graph) : nil else {
            let places = PlaceAxes(of: input, in: graph)
            let kind =
                places.map { $0.lengths.count > 2 ? " but a volume" : $0.batch > batch ? " but several" : "" } ?? ""
            throw ExplanationError.unsuitable(
                method: method,
                reason:
                    "the input '\(graph[input].name)' of shape \(shape) is no picture\(kind), and it changes pictures; take a method at a layer or a gradient ('gaze inspect MODEL' lists those that work)"
            )
        }
        return planes
    }

    /// How many maps a sample has at a layer: more than one where the model folds views, frames or tiles into the batch.
    package func pictures(in layout: MapLayout) -> Int { max(layout.batch / max(batch, 1), 1) }

    /// The layer where a sample has one map over a picture; fails where it has several, or the map of a volume.
    package func pictureLayer(for method: String) throws -> (layer: Layer, layout: MapLayout) {
        try pictureLayer(layer().layer, for: method)
    }

    /// A layer where a sample has one map over a picture; fails where it has several, or the map of a volume.
    package func pictureLayer(_ layer: Layer, for method: String) throws -> (layer: Layer, layout: MapLayout) {
        let (layer, layout) = try Self.spatial(layer, for: method)
        guard pictures(in: layout) == 1, layout.lengths.count == 2 else {
            let kind = layout.lengths.count > 2 ? "the map of a volume" : "\(pictures(in: layout)) maps a sample"
            throw ExplanationError.unsuitable(
                method: method,
                reason:
                    "the layer '\(layer.name)' holds \(kind), and it needs one over a picture; take a method such as gradcam, which makes them all"
            )
        }
        return (layer, layout)
    }

    /// The averaging head in front of the score, for CAM.
    package func averagingHead() throws -> AveragingHead {
        guard let scored = scored.first, self.scored.count == 1 else {
            throw ExplanationError.unsuitable(method: "cam", reason: "the target reads several outputs; use gradcam")
        }
        let found = try head.value(for: scored) { try graph.averagingHead(endingIn: scored, from: input) }
        try requireReached(found.map, name: graph[found.map].name)
        return found
    }
}
