import Differentiation
import Graphs
import Runtime
import Tensors

/// The part of a model behind a layer, as a program: the score for other maps at the layer.
final class LayerSuffix: Sendable {
    private let program: any Program
    /// Puts a map where the layer has it; nil where the layer is its map.
    private let placement: (any Program)?
    private let layerName: String
    private let layerShape: Shape
    private let mapShape: Shape
    private let seeds: [(name: String, type: ElementType)]
    private let inputNames: Set<String>

    /// Cuts a question behind a layer; what the rest reads besides (skips past the layer, other inputs) stays an input.
    init(_ question: Question, layer: Layer, layout: MapLayout, engine: any Engine) throws {
        let whole = try CompiledQuestion.graph(for: question, methods: [])
        layerName = question.graph[layer.value].name
        guard let value = whole.program.value(named: layerName) else {
            throw ExplanationError.noInfluence(
                target: question.scored.map { question.graph[$0].name }.joined(separator: ", "), value: layer.name)
        }
        seeds = whole.seeds.map { (whole.program[$0].name, whole.program[$0].type ?? .float32) }
        let suffix = whole.program.suffix(behind: [value])
        program = try engine.load(suffix)
        inputNames = Set(suffix.inputs.map { suffix[$0].name })
        layerShape = layer.shape
        mapShape = layout.shape
        placement =
            layout.steps.isEmpty ? nil : try engine.load(Self.placement(layerShape, layout, EngineEvaluator(engine)))
    }

    /// `layer + Vᵀ (new - V layer)` where V takes the map out of the layer: its derivative puts a change back in.
    private static func placement(
        _ shape: Shape, _ layout: MapLayout, _ evaluator: some GraphEvaluator
    ) throws -> Graph {
        var graph = Graph()
        let layer = graph.addInput("layer", type: .float32, shape: shape)
        let new = graph.addInput("new", type: .float32, shape: layout.shape)
        let map = graph.appendMap(of: layer, layout)
        let change = graph.append("Sub", [new, map], name: "change")[0]
        graph.outputs = [Graph.Output(name: "change", value: change), Graph.Output(name: "map", value: map)]
        graph = try graph.specialised(to: ["layer": shape, "new": layout.shape], by: evaluator)
        let (moved, taken) = (graph.outputs[0].value, graph.outputs[1].value)
        let start = try graph.input(named: "layer")
        let derived = try graph.differentiated([taken], withRespectTo: [start], seeds: [moved])
        graph = derived.graph
        guard let back = derived.cotangents[start] else {
            throw ExplanationError.noInfluence(target: "map", value: "layer")
        }
        let placed = graph.append("Add", [start, back], name: "placed")[0]
        graph.outputs = [Graph.Output(name: "placed", value: placed)]
        return graph.eliminatingDeadNodes(keepingInputs: false)
    }

    /// The layer with other maps, `[B, C, H, W]`, in it; `layer` is what it holds by itself, in its own order.
    func layer(_ layer: Tensor<Float>, holding maps: Tensor<Float>) throws -> Tensor<Float> {
        let maps = try maps.reshaped(mapShape)
        guard let placement else { return maps }
        return try placement.run(
            ["layer": AnyTensor(try layer.reshaped(layerShape)), "new": AnyTensor(maps)], outputs: ["placed"])[0]
            .floatTensor
    }

    /// The scores where the layer holds these values, in its own order.
    func scores(
        _ replaced: Tensor<Float>, inputs: [String: AnyTensor], weights: [Tensor<Float>]
    ) throws -> [Float] {
        var feed = inputs.filter { inputNames.contains($0.key) }
        feed[layerName] = AnyTensor(try replaced.reshaped(layerShape))
        for (seed, tensor) in zip(seeds, weights) where inputNames.contains(seed.name) {
            feed[seed.name] = AnyTensor(tensor).converted(to: seed.type)
        }
        return try program.run(feed, outputs: ["gaze.score"])[0].floats
    }
}
