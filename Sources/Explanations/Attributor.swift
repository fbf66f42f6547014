package import Graphs
import Runtime
public import Tensors

/// Answers questions about a model; keeps what it compiled, so that further pictures and classes cost only the run.
public final class Attributor: Sendable {
    /// The model that is asked.
    public let model: Model
    let specialised = RecentlyUsed<[String: Shape], Graph>(capacity: 3)
    let rewritten = RecentlyUsed<[String: Shape], Graph>(capacity: 3)
    let supports = RecentlyUsed<FixedBatch.Kind, BatchSupport>(capacity: 3)
    /// Finding a layer names all of them, which costs as much as a small network's run.
    private let layers = RecentlyUsed<LayerKey, Layer>(capacity: 64)
    /// Sessions keep memory and threads, so few stay alive.
    private let programs = RecentlyUsed<ProgramKey, CompiledQuestion>(capacity: 5)
    /// What outputs mean, and the program that only computes them.
    let readers = RecentlyUsed<HeadReader.Key, HeadReader>(capacity: 1)

    private struct LayerKey: Hashable {
        let shapes: [String: Shape]
        let name: String
    }

    struct ProgramKey: Hashable {
        let shapes: [String: Shape]
        let scored: [String]
        let input: String
        let layer: Layer?
        var chosen: Layer?
        let methods: [MethodSpecification]
    }

    /// What compares layers on a picture.
    let trials = RecentlyUsed<ProgramKey, LayerTrialProgram>(capacity: 2)

    /// How many samples a rewritten model is given at once.
    package let largestBatch: Int

    /// An attributor for a model.
    public init(_ model: Model) {
        self.model = model
        largestBatch = 16
    }

    /// An attributor that gives a model of fixed batch at most so many samples at once, where it can be rewritten.
    package init(_ model: Model, largestBatch: Int) {
        self.model = model
        self.largestBatch = max(largestBatch, 1)
    }

    /// The raw result of every method, in order.
    ///
    /// - Parameters:
    ///   - inputs: A tensor per input, sample by sample along the first axis; converted to the input's type.
    ///   - target: The score.
    ///   - methods: What is asked; all are answered by one run.
    ///   - layer: A tensor or layer name; nil is the automatic choice.
    ///   - input: The input that is explained; nil is the first.
    ///   - readMask: Reads a mask file that the target names.
    public func attribute(
        inputs: [String: AnyTensor], target: Target, targetText: String = "", methods: [MethodSpecification],
        layer: String? = nil, wrt input: String? = nil,
        readMask: @escaping @Sendable (String) throws -> Tensor<Float> = { try Numpy.read(path: $0).floatTensor }
    ) throws -> [Attribution] {
        try attribute(
            inputs: inputs, target: target, targetText: targetText, methods: methods, layer: layer, chosen: nil,
            wrt: input, readMask: readMask)
    }

    /// As above, with a layer that stands instead of the automatic choice for methods that leave the choice open.
    package func attribute(
        inputs: [String: AnyTensor], target: Target, targetText: String, methods: [MethodSpecification],
        layer: String?, chosen: LayerChoice?, wrt input: String?,
        readMask: @escaping @Sendable (String) throws -> Tensor<Float>
    ) throws -> [Attribution] {
        let batches = try Batches(inputs, for: self, explained: input)
        var parts: [[Attribution]] = []
        for batch in 0..<batches.count {
            let piece = try batches.inputs(of: batch)
            parts.append(
                try attributeBatch(
                    piece, batches, batch, target: batches.target(target, of: batch), text: targetText,
                    methods: methods, layer: layer, chosen: chosen, readMask: readMask))
        }
        return try batches.joined(parts)
    }

    private func attributeBatch(
        _ inputs: [String: AnyTensor], _ batches: Batches, _ portion: Int, target: Target, text: String,
        methods: [MethodSpecification], layer: String?, chosen: LayerChoice?,
        readMask: @escaping @Sendable (String) throws -> Tensor<Float>
    ) throws -> [Attribution] {
        let shapes = inputs.mapValues(\.shape)
        let resolved = try resolved(inputs, batches, portion, target: target, text: text, readMask: readMask)
        let named = try layer.map { name in
            try layers.value(for: LayerKey(shapes: shapes, name: name)) {
                try specialisedGraph(for: shapes).layer(named: name)
            }
        }
        let question = Question(
            graph: resolved.graph, scored: resolved.parts.map(\.value), input: resolved.explained, namedLayer: named,
            chosen: chosen, batch: batches.size)
        let key = ProgramKey(
            shapes: shapes, scored: resolved.parts.map { resolved.graph[$0.value].name }, input: batches.explained,
            layer: named, chosen: chosen?.layer, methods: methods)
        let compiled = try programs.value(for: key) {
            try CompiledQuestion(question, methods: methods, engine: model.engine)
        }
        return try compiled.run(
            inputs, weights: resolved.parts.map(\.weights), notes: resolved.notes + batches.notes
        ).map { attribution in
            // A program that an earlier picture compiled has that picture's reason.
            guard let chosen, attribution.layer?.layer == chosen.layer else { return attribution }
            return attribution.with(layer: chosen)
        }
    }

    /// A target on the graph of one portion.
    func resolved(
        _ inputs: [String: AnyTensor], _ batches: Batches, _ portion: Int, target: Target, text: String,
        readMask: @escaping @Sendable (String) throws -> Tensor<Float>
    ) throws -> (graph: Graph, parts: [ResolvedTarget.Part], explained: ValueID, notes: [String]) {
        let graph = try specialisedGraph(for: inputs.mapValues(\.shape))
        var resolver = TargetResolver(
            graph: graph, batch: batches.size, samples: batches.samples(of: portion), of: batches.samples,
            readMask: readMask)
        let resolved = try resolver.resolve(target, text: text)
        let input = try resolver.graph.input(named: batches.explained)
        let explained = try resolver.graph.explainedValue(ofInput: input)
        return (
            resolver.graph, resolved.parts, explained,
            graph.notes + resolved.notes + graph.notes(onExplaining: explained, for: input)
        )
    }
}

extension Graph {
    /// The input of this name.
    package func input(named name: String) throws(GraphError) -> ValueID {
        guard let input = inputs.first(where: { self[$0].name == name }) else {
            throw .unknownInput(name: name, known: inputs.map { self[$0].name })
        }
        return input
    }

    /// The input, or the floating-point numbers that its integers become.
    fileprivate func explainedValue(ofInput input: ValueID) throws -> ValueID {
        guard let value = explainedValue(of: input) else {
            throw ExplanationError.unsuitable(
                method: "An explanation",
                reason:
                    "the input '\(self[input].name)' holds \(self[input].type.map { "\($0)" } ?? "integers"), which nothing converts to floating-point numbers, so it has no gradient; choose another with --wrt"
            )
        }
        return value
    }

    fileprivate func notes(onExplaining value: ValueID, for input: ValueID) -> [String] {
        guard value != input else { return [] }
        return [
            "the input '\(self[input].name)' holds \(self[input].type.map { "\($0)" } ?? "integers"); '\(self[value].name)' is explained instead, the same numbers as floating point"
        ]
    }
}
