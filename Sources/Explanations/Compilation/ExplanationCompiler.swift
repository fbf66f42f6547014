import Graphs
import Runtime
import Tensors

extension Attributor {
    /// The explanation of a method as one graph: the model's inputs in; its outputs, the map and the score out.
    ///
    /// A `GraphMethod` becomes the nodes that a run appends; a `CompilableProcedure` holds copies of the model that share
    /// their weights. The target's weights are constants, or computed from the highest class or from an input.
    ///
    /// - Throws: `ExplanationError.unsuitable` for methods that depend on answers in a way that no fixed graph can.
    public func compile(_ request: CompilationRequest) throws -> CompiledExplanation {
        try ExplanationCompiler(request, self).compiled()
    }
}

/// Builds a compiled explanation.
struct ExplanationCompiler {
    private let request: CompilationRequest
    private let attributor: Attributor
    private let built: any AttributionMethod
    private let question: Question
    private let resolved: Attributor.Resolved
    private let classes: ClassScores?
    private let query: Query
    private let explained: String

    init(_ request: CompilationRequest, _ attributor: Attributor) throws {
        self.request = request
        self.attributor = attributor
        built = try MethodCatalogue.method(request.method)
        guard built is any GraphMethod || built is any CompilableProcedure else {
            throw ExplanationError.unsuitable(
                method: request.method.name,
                reason:
                    "it asks the model in a way that depends on the answers or takes files, which one graph cannot; use 'gaze attribute', or compile another method"
            )
        }
        var inputs: [String: AnyTensor] = [:]
        for port in attributor.model.inputs {
            guard let shape = request.shapes[port.name] else {
                throw GraphError.unknownInput(name: port.name, known: attributor.model.inputs.map(\.name))
            }
            try attributor.model.engine.memory.admit(shape, of: port.elementType, named: port.name)
            inputs[port.name] = AnyTensor(zeros: port.elementType, shape: shape)
        }
        let named = Query(
            inputs: inputs, target: .classIndex(0), methods: [], layer: request.layer, explained: request.explained)
        let batches = try Batches(inputs, for: attributor, explained: attributor.explained(by: named))
        guard batches.count == 1, batches.size == batches.samples else {
            throw ExplanationError.batch(reason: batches.notes.first ?? "the model takes its own number of samples")
        }
        explained = batches.explained
        var query = Query(
            inputs: inputs, target: .classIndex(0), text: request.target.text, methods: [request.method],
            layer: request.layer, explained: batches.explained, readMask: request.readMask)
        if case .fixed(let target, _) = request.target {
            query.target = target
            classes = nil
        } else {
            let classes = try ClassScores(
                of: attributor.specialisedGraph(for: request.shapes), input: explained, batch: batches.size,
                target: request.target)
            query.target = try classes.target(of: 0)
            self.classes = classes
        }
        self.query = query
        (question, resolved) = try attributor.question(query, batches.inputs(of: 0), batches, 0)
    }

    func compiled() throws -> CompiledExplanation {
        var graph = question.graph
        let (seeds, target) = try weights(in: &graph)
        let question = Question(
            graph: graph, scored: question.scored, input: question.input, namedLayer: question.namedLayer,
            batch: question.batch, modelValues: question.modelValues)
        var notes = resolved.notes
        var answer: QuestionGraph
        let map: ValueID
        let layer: LayerChoice?
        if let method = built as? any GraphMethod {
            answer = try QuestionGraph(question, gradients: method.gradients(in: question), seeds: seeds)
            map = try method.result(in: &answer)
            layer = try method.layer(in: question)
        } else if let procedure = built as? any CompilableProcedure {
            let source = PointSource(
                attributor, query, batch: question.batch, explained: explained, seeds: classes == nil ? nil : seeds)
            var experiment = try ExperimentGraph(
                QuestionGraph(question, gradients: [], seeds: seeds), source, settings: request.settings,
                method: request.method.name)
            map = try procedure.result(in: &experiment)
            notes += experiment.notes
            layer = experiment.layer
            answer = experiment.nodes
        } else {
            throw ExplanationError.unsuitable(method: request.method.name, reason: "it is no graph")
        }
        let score = try answer.score()
        let results = [map, score].map {
            answer.emit("Cast", [$0], ["to": .integer(Int(ElementType.float32.rawValue))])
        }
        let chosenInside = if case .top = request.target { target } else { nil as ValueID? }
        let finished = try finished(
            answer.graph, map: results[0], score: results[1], target: target, isTargetInside: chosenInside != nil,
            notes: &notes)
        return CompiledExplanation(
            graph: finished.graph, names: finished.names, request: request, explained: explained, layer: layer,
            subject: subject, notes: notes)
    }

    /// The weights of the scored values, and the chosen classes where classes are chosen.
    private func weights(in graph: inout Graph) throws -> (seeds: [ValueID], target: ValueID?) {
        guard let classes else {
            let constants = zip(question.scored, resolved.parts).map { value, part in
                graph.addConstant(
                    AnyTensor(part.weights).converted(to: graph[value].type ?? .float32),
                    name: "weights.\(graph[value].name)")
            }
            return (constants, nil)
        }
        var resolver = TargetResolver(graph: graph, batch: question.batch, readMask: request.readMask)
        let scores = try classes.value(in: graph) { try resolver.resolve($0, text: request.target.text).parts }
        guard question.scored == [scores] else {
            throw ExplanationError.target(text: request.target.text, reason: "the classes' scores are several tensors")
        }
        let target =
            request.target == .input
            ? graph.addInput("gaze.target", type: .int64, shape: [question.batch])
            : classes.highest(of: scores, in: &graph)
        return ([classes.weights(of: target, for: scores, in: &graph)], target)
    }

    /// What is explained, in words.
    private var subject: String {
        switch request.target {
        case .top: "the highest of \(classes?.count ?? 0) classes of every sample"
        case .input: "the class that the input 'target' names for every sample, 0 to \((classes?.count ?? 1) - 1)"
        case .fixed(_, let text): "the target \(text)"
        }
    }

    /// The graph with its outputs, of known types and shapes and without what can be computed beforehand.
    private func finished(
        _ answer: Graph, map: ValueID, score: ValueID, target: ValueID?, isTargetInside: Bool, notes: inout [String]
    ) throws -> (graph: Graph, names: CompiledExplanation.Names) {
        var graph = answer
        let own = question.graph.outputs.filter { graph[$0.value].type != nil && graph[$0.value].shape != nil }
        for output in question.graph.outputs where !own.contains(output) {
            notes.append("the model's output '\(output.name)' is no tensor of numbers and is left out")
        }
        let names = names(
            taken: graph.bodyNames.union(own.map(\.name)).union(question.graph.inputs.map { question.graph[$0].name }))
        graph.outputs =
            own + [Graph.Output(name: names.map, value: map), Graph.Output(name: names.score, value: score)]
        if let target, isTargetInside { graph.outputs.append(Graph.Output(name: names.target, value: target)) }
        let targetName = target.map { graph[$0].name }
        let shapes = Dictionary(
            graph.inputs.map { (graph[$0].name, graph.shape(of: $0) ?? []) }, uniquingKeysWith: { first, _ in first })
        graph = try graph.specialised(to: shapes, by: EngineEvaluator(attributor.model.engine))
        graph = graph.computingQuantisers().keepingZerosOutOfPoolings().sharingEqualConstants()
        let foreign = graph.foreignDomains
        guard foreign.isEmpty else {
            let operators = Set(graph.nodes.filter { !$0.domain.isEmpty }.map(\.qualifiedOperation)).sorted()
            throw ExplanationError.unsuitable(
                method: "gaze compile",
                reason:
                    "the model holds operators that are not ONNX's own (\((operators.isEmpty ? foreign.sorted() : operators).joined(separator: ", "))); export it with operators of the standard set"
            )
        }
        var inputs: [ValueID: String] = [:]
        if !isTargetInside, let targetName, let value = graph.value(named: targetName) { inputs[value] = names.target }
        graph.domains = [:]
        graph = graph.renamed(inputs)
        try graph.validate(after: "compiling the explanation")
        return (graph, names)
    }

    /// `map`, `score` and `target`, where the model has no input or output of that name.
    private func names(taken: Set<String>) -> CompiledExplanation.Names {
        func free(_ name: String) -> String {
            var name = name
            while taken.contains(name) { name = "gaze.\(name)" }
            return name
        }
        return CompiledExplanation.Names(map: free("map"), score: free("score"), target: free("target"))
    }
}
