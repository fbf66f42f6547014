import Graphs
import Runtime
import Tensors

/// Makes copies of a model for several points at once, to be put into a graph.
final class PointSource {
    /// The model with a graph method, for a number of points.
    struct Copy {
        /// Inputs as the model's, and the weights of scored values; one output.
        let program: Graph
        let seeds: [ValueID]
        /// The target's weights, where they are the same in every run.
        let weights: [Tensor<Float>]
        let input: ValueID
        let resultShape: Shape
    }

    private let attributor: Attributor
    private let query: Query
    private let batch: Int
    /// The values of the whole graph that hold the weights for its samples; nil where they are constants.
    private let seeds: [ValueID]?
    /// Inputs that hold samples.
    private let sampled: Set<String>
    private var copies: [String: Copy] = [:]

    /// - Parameter query: What is asked about the samples; its tensors give shapes only.
    init(_ attributor: Attributor, _ query: Query, batch: Int, explained: String, seeds: [ValueID]?) {
        self.attributor = attributor
        self.query = query
        self.batch = batch
        self.seeds = seeds
        sampled = Set(
            attributor.model.inputs.filter { port in
                let length = query.inputs[port.name]?.shape.dimensions.first
                return port.name == explained || (port.dimensions.first?.length != 1 && length == batch)
                    || (port.dimensions.first?.length == 1 && batch == 1)
            }.map(\.name))
    }

    /// How many points one copy takes, of `count`.
    func largestPortion(_ count: Int, of method: MethodSpecification, settings: RunSettings) throws -> Int {
        let question = try question(points: 1)
        let bytes = try attributor.bytesPerRow(of: question.question, methods: [method]) * batch
        let fitting = max(
            1, min(count, settings.memory / max(bytes, 1), attributor.largestBatch / max(batch, 1)))
        return fitting > 1 && takesSeveral ? fitting : 1
    }

    /// Whether the model takes more samples than the file's.
    private var takesSeveral: Bool { (try? copyQuestion(points: 2)) != nil }

    private func question(points: Int) throws -> (question: Question, weights: [Tensor<Float>]) {
        try copyQuestion(points: points)
    }

    private func copyQuestion(points: Int) throws -> (question: Question, weights: [Tensor<Float>]) {
        var asked = query
        for name in sampled {
            guard let tensor = query.inputs[name] else { continue }
            let shape = Shape([points * batch] + tensor.shape.dimensions.dropFirst())
            asked.inputs[name] = AnyTensor(zeros: tensor.elementType, shape: shape)
        }
        let origins = (0..<points * batch).map { $0 % batch }
        let batches = try Batches(
            asked.inputs, for: attributor, explained: query.explained, origins: origins, of: batch)
        guard batches.count == 1, batches.size == points * batch else {
            throw ExplanationError.batch(reason: batches.notes.first ?? "the model takes its own number of samples")
        }
        let (question, resolved) = try attributor.question(asked, batches.inputs(of: 0), batches, 0)
        return (question, resolved.parts.map(\.weights))
    }

    /// Where a method's maps live.
    func layer(of method: MethodSpecification) throws -> LayerChoice? {
        try MethodCatalogue.graphMethod(method).layer(in: question(points: 1).question)
    }

    /// The model with a method, for so many points of every sample.
    func copy(of method: MethodSpecification, points: Int) throws -> Copy {
        let key = "\(points) \(method.name) \(method.parameters.sorted { $0.key < $1.key })"
        if let known = copies[key] { return known }
        let (question, weights) = try question(points: points)
        let built = try MethodCatalogue.graphMethod(method)
        var answer = try QuestionGraph(question, gradients: built.gradients(in: question))
        let result = try built.result(in: &answer)
        let names = answer.seeds.map { answer.graph[$0].name }
        var graph = answer.graph
        graph.outputs = [Graph.Output(name: graph[result].name, value: result)]
        let shapes = Dictionary(
            graph.inputs.map { (graph[$0].name, graph.shape(of: $0) ?? []) }, uniquingKeysWith: { first, _ in first })
        let program = try graph.specialised(to: shapes, by: EngineEvaluator(attributor.model.engine))
        guard let output = program.outputs.first, let shape = program.shape(of: output.value), shape.rank > 0,
            shape[0] == points * batch
        else {
            throw ExplanationError.unsuitable(
                method: method.label, reason: "its result has no axis of samples, so points cannot be told apart")
        }
        let copy = Copy(
            program: program, seeds: names.compactMap { program.value(named: $0) }, weights: weights,
            input: try program.input(named: question.graph[question.input].name), resultShape: shape)
        copies[key] = copy
        return copy
    }

    /// Puts a copy behind the nodes of a graph, `points` in place of the explained input; returns its result.
    func insert(
        _ copy: Copy, points: ValueID, count: Int, into nodes: inout QuestionGraph
    ) throws -> ValueID {
        var places: [ValueID: ValueID] = [copy.input: points]
        for input in copy.program.inputs where input != copy.input && !copy.seeds.contains(input) {
            let name = copy.program[input].name
            let own = try nodes.graph.input(named: name)
            places[input] = sampled.contains(name) ? repeated(own, count, in: &nodes) : own
        }
        for (index, seed) in copy.seeds.enumerated() {
            if let seeds {
                places[seed] = repeated(seeds[index], count, in: &nodes)
            } else {
                let type = copy.program[seed].type ?? .float32
                places[seed] = nodes.constant(AnyTensor(copy.weights[index]).converted(to: type), name: "weights")
            }
        }
        return try nodes.insert(copy.program, at: places)[0]
    }

    /// A value for every point, sample by sample.
    private func repeated(_ value: ValueID, _ count: Int, in nodes: inout QuestionGraph) -> ValueID {
        guard count > 1 else { return value }
        let rank = nodes.graph.shape(of: value)?.rank ?? 1
        return nodes.emit("Tile", [value, nodes.integers([count] + [Int](repeating: 1, count: rank - 1))])
    }
}
