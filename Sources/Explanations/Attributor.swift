package import Graphs
import Runtime
public import Tensors

/// Answers questions about a model; keeps what it compiled, so that further pictures and classes cost only the run.
public final class Attributor: Sendable {
    /// The model that is asked.
    public let model: Model
    private let specialised = RecentlyUsed<[String: Shape], Graph>(capacity: 3)
    /// Finding a layer names all of them, which costs as much as a small network's run.
    private let layers = RecentlyUsed<LayerKey, Layer>(capacity: 64)
    /// Sessions keep memory and threads, so few stay alive.
    private let programs = RecentlyUsed<ProgramKey, CompiledQuestion>(capacity: 3)
    /// What outputs mean, and the program that only computes them.
    private let readers = RecentlyUsed<ReaderKey, HeadReader>(capacity: 1)

    private struct LayerKey: Hashable {
        let shapes: [String: Shape]
        let name: String
    }

    private struct ReaderKey: Hashable {
        let shapes: [String: Shape]
        let input: String?
        let labelCount: Int?
    }

    private struct ProgramKey: Hashable {
        let shapes: [String: Shape]
        let scored: [String]
        let input: String
        let layer: Layer?
        let methods: [MethodSpecification]
    }

    /// An attributor for a model.
    public init(_ model: Model) {
        self.model = model
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
        let batches = try Batches(inputs, model: model, explained: input)
        var parts: [[Attribution]] = []
        for batch in 0..<batches.count {
            let piece = try batches.inputs(of: batch)
            parts.append(
                try attributeBatch(
                    piece, batches, batch, target: batches.target(target, of: batch), text: targetText,
                    methods: methods,
                    layer: layer, readMask: readMask))
        }
        return try batches.joined(parts)
    }

    private func attributeBatch(
        _ inputs: [String: AnyTensor], _ batches: Batches, _ portion: Int, target: Target, text: String,
        methods: [MethodSpecification], layer: String?,
        readMask: @escaping @Sendable (String) throws -> Tensor<Float>
    ) throws -> [Attribution] {
        let shapes = inputs.mapValues(\.shape)
        let graph = try specialisedGraph(for: shapes)
        var resolver = TargetResolver(
            graph: graph, batch: batches.size, samples: batches.samples(of: portion), of: batches.samples,
            readMask: readMask)
        let resolved = try resolver.resolve(target, text: text)
        let named = try layer.map { name in
            try layers.value(for: LayerKey(shapes: shapes, name: name)) { try graph.layer(named: name) }
        }
        let question = Question(
            graph: resolver.graph, scored: resolved.parts.map(\.value),
            input: try resolver.graph.input(named: batches.explained), namedLayer: named, batch: batches.size)
        let key = ProgramKey(
            shapes: shapes, scored: resolved.parts.map { resolver.graph[$0.value].name }, input: batches.explained,
            layer: named, methods: methods)
        let compiled = try programs.value(for: key) {
            try CompiledQuestion(question, methods: methods, engine: model.engine)
        }
        return try compiled.run(inputs, weights: resolved.parts.map(\.weights), notes: resolved.notes)
    }

    /// The head of the model and what its outputs hold for the first sample; nil where the outputs are of no kind that is known.
    ///
    /// - Parameters:
    ///   - inputs: A tensor per input, as for `attribute`.
    ///   - input: The picture input; nil is the first.
    ///   - labelCount: How many class names are known.
    package func reading(
        of inputs: [String: AnyTensor], input: String? = nil, labelCount: Int? = nil
    ) throws -> (head: any Head, outputs: OutputValues)? {
        let batches = try Batches(inputs, model: model, explained: input)
        let portion = try batches.inputs(of: 0)
        let shapes = portion.mapValues(\.shape)
        let key = ReaderKey(shapes: shapes, input: input, labelCount: labelCount)
        let reader = try readers.value(for: key) {
            try HeadReader(
                OutputSurvey(
                    try specialisedGraph(for: shapes), input: batches.explained, batch: batches.size,
                    labelCount: labelCount), engine: model.engine)
        }
        return try reader.reading(of: portion)
    }

    /// The model for inputs of these shapes, with everything known that can be known.
    package func specialisedGraph(for shapes: [String: Shape]) throws -> Graph {
        try specialised.value(for: shapes) {
            try model.graph.specialised(to: shapes, by: EngineEvaluator(model.engine))
        }
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
}
