package import Graphs
import Runtime
public import Tensors

/// Answers questions about a model; keeps what it compiled, so that further pictures and classes cost only the run.
public final class Attributor: Sendable {
    /// The model that is asked.
    public let model: Model
    let specialised = RecentlyUsed<[String: Shape], Graph>(capacity: 5)
    let rewritten = RecentlyUsed<[String: Shape], Graph>(capacity: 5)
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
        let input: String
    }

    struct ProgramKey: Hashable {
        let shapes: [String: Shape]
        let scored: [String]
        let input: String
        let layer: Layer?
        var chosen: String?
        let methods: [MethodSpecification]
    }

    /// What runs the part of a model behind a layer.
    let suffixes = RecentlyUsed<ProgramKey, LayerSuffix>(capacity: 2)
    /// What one row of a question takes.
    let sizes = RecentlyUsed<ProgramKey, Int>(capacity: 16)

    /// What compares layers on a picture.
    let trials = RecentlyUsed<ProgramKey, LayerTrialProgram>(capacity: 2)

    /// How many samples a rewritten model is given at once.
    package let largestBatch: Int
    /// What the model is the same as but for some constants; nil where it is as its file says.
    let variation: ParameterVariation?

    /// An attributor for a model.
    public convenience init(_ model: Model) {
        self.init(model, largestBatch: 16)
    }

    /// An attributor that gives a model of fixed batch at most so many samples at once, where it can be rewritten.
    package init(_ model: Model, largestBatch: Int) {
        self.model = model
        self.largestBatch = max(largestBatch, 1)
        variation = nil
    }

    init(_ variation: ParameterVariation) {
        model = variation.base.model
        largestBatch = variation.base.largestBatch
        self.variation = variation
    }

    /// The raw result of every method, in order; fails where one of them does.
    ///
    /// - Parameters:
    ///   - inputs: A tensor per input, sample by sample along the first axis; converted to the input's type.
    ///   - target: The score.
    ///   - methods: What is asked; methods that are graphs are all answered by one run.
    ///   - layer: A tensor or layer name; nil is the automatic choice.
    ///   - input: The input that is explained; nil is the first.
    ///   - settings: What methods may use that run the model many times.
    ///   - failed: Told which method failed and why, so that the others go on; nil lets the first failure end all.
    ///   - readMask: Reads a mask file that the target names.
    public func attribute(
        inputs: [String: AnyTensor], target: Target, targetText: String = "", methods: [MethodSpecification],
        layer: String? = nil, wrt input: String? = nil, settings: RunSettings = RunSettings(),
        failed: ((MethodSpecification, any Error) -> Void)? = nil,
        readMask: @escaping @Sendable (String) throws -> Tensor<Float> = { try Numpy.read(path: $0).floatTensor }
    ) throws -> [Attribution] {
        try attribute(
            Query(
                inputs: inputs, target: target, text: targetText, methods: methods, layer: layer, explained: input,
                readMask: readMask),
            settings: settings, failed: failed)
    }

    /// The raw result of every method of a query, in order; those that fail are left out where somebody listens.
    package func attribute(
        _ query: Query, settings: RunSettings, failed: ((MethodSpecification, any Error) -> Void)?
    ) throws -> [Attribution] {
        guard let failed else { return try attribute(query, settings: settings) }
        return try attempt(query, settings: settings).compactMap { method, result in
            do { return try result.get() } catch {
                failed(method, error)
                return nil
            }
        }
    }

    /// The raw result of every method of a query, in order.
    package func attribute(_ query: Query, settings: RunSettings = RunSettings()) throws -> [Attribution] {
        var query = query
        query.explained = explained(by: query)
        let stacks = try query.methods.map { try MethodCatalogue.method($0) as? any StackMethod }
        if stacks.contains(where: { $0 != nil }) {
            return try attribute(query, stacks, settings: settings)
        }
        let procedures = try query.methods.map { try MethodCatalogue.isProcedure($0) }
        var graphs = query
        graphs.methods = zip(query.methods, procedures).filter { !$0.1 }.map(\.0)
        if graphs.methods.isEmpty { graphs.methods = [MethodSpecification("score")] }
        let batches = try Batches(
            query.inputs, for: self, explained: query.explained, origins: query.origins, of: query.samples)
        var start = ContinuousClock.now
        let parts = try (0..<batches.count).map { try attributeBatch(graphs, batches, $0) }
        let answered = try batches.joined(parts)
        let shared = ContinuousClock.now - start
        var next = answered.makeIterator()
        return try zip(query.methods, procedures).map { method, isProcedure in
            if isProcedure { start = .now }
            var answer =
                try (isProcedure ? nil : next.next())
                ?? attribute(
                    query, by: method, scores: answered[0].scores, notes: answered[0].notes, settings: settings)
            answer.seconds = (isProcedure ? ContinuousClock.now - start : shared) / .seconds(1)
            if query.diagnoses { answer.notes += diagnoses(of: answer, to: query) }
            return answer
        }
    }

    private func attributeBatch(_ query: Query, _ batches: Batches, _ portion: Int) throws -> [Attribution] {
        let inputs = try batches.inputs(of: portion)
        let (question, resolved) = try question(query, inputs, batches, portion)
        let key = ProgramKey(
            shapes: inputs.mapValues(\.shape), scored: resolved.parts.map { resolved.graph[$0.value].name },
            input: batches.explained, layer: question.namedLayer, chosen: query.chosen?.layer.tensorName,
            methods: query.methods)
        let compiled = try programs.value(for: key) {
            try CompiledQuestion(question, methods: query.methods, engine: model.engine)
        }
        return try compiled.run(
            inputs, weights: resolved.parts.map(\.weights), notes: resolved.notes + batches.notes
        ).map { attribution in
            // A program that an earlier picture compiled has that picture's reason.
            guard let chosen = query.chosen, attribution.layer?.layer.tensorName == chosen.layer.tensorName else {
                return attribution
            }
            return attribution.with(reason: chosen.reason)
        }
    }

    /// What a query asks of one portion of its samples.
    func question(
        _ query: Query, _ inputs: [String: AnyTensor], _ batches: Batches, _ portion: Int
    ) throws -> (question: Question, resolved: Resolved) {
        let shapes = inputs.mapValues(\.shape)
        let resolved = try resolved(
            inputs, batches, portion, target: batches.target(query.target, of: portion), text: query.text,
            readMask: query.readMask)
        func layer(_ name: String) throws -> Layer {
            // Constants are no part of a layer's name and place.
            let known = variation?.base ?? self
            return try known.layers.value(for: LayerKey(shapes: shapes, name: name, input: batches.explained)) {
                let graph = try known.specialisedGraph(for: shapes)
                return try graph.layer(named: name, from: graph.input(named: batches.explained))
            }
        }
        // A choice may come from a question of another batch, where the same layer has another shape.
        let chosen = try query.chosen.map { LayerChoice(layer: try layer($0.layer.tensorName), reason: $0.reason) }
        let question = Question(
            graph: resolved.graph, scored: resolved.parts.map(\.value), input: resolved.explained,
            namedLayer: try query.layer.map(layer), chosen: chosen, batch: batches.size,
            modelValues: resolved.modelValues)
        return (question, resolved)
    }

    /// A target with the graph that it was resolved on.
    struct Resolved {
        let graph: Graph
        let parts: [ResolvedTarget.Part]
        let explained: ValueID
        let notes: [String]
        /// How many values the graph has without those that the target appended.
        let modelValues: Int
    }

    /// A target on the graph of one portion.
    func resolved(
        _ inputs: [String: AnyTensor], _ batches: Batches, _ portion: Int, target: Target, text: String,
        readMask: @escaping @Sendable (String) throws -> Tensor<Float>
    ) throws -> Resolved {
        let graph = try specialisedGraph(for: inputs.mapValues(\.shape))
        var resolver = TargetResolver(
            graph: graph, batch: batches.size, input: batches.explained, samples: batches.origins(of: portion),
            of: batches.originalSamples,
            readMask: readMask)
        let resolved = try resolver.resolve(target, text: text)
        let input = try resolver.graph.input(named: batches.explained)
        let explained = try resolver.graph.explainedValue(ofInput: input)
        return Resolved(
            graph: resolver.graph, parts: resolved.parts, explained: explained,
            notes: graph.notes + resolved.notes + graph.notes(onExplaining: explained, for: input),
            modelValues: graph.values.count)
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
