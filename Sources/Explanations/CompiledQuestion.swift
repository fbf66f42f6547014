package import Graphs
package import Runtime
package import Tensors

/// A question as a program: one run gives the results of all its methods.
package final class CompiledQuestion: Sendable {
    private let program: any Program
    private let methods: [MethodSpecification]
    private let layers: [LayerChoice?]
    private let inputNames: Set<String>
    private let outputNames: [String]
    private let seedNames: [String]
    private let seedTypes: [ElementType]

    package convenience init(_ question: Question, methods: [MethodSpecification], engine: any Engine) throws {
        try self.init(
            question, methods: methods, built: methods.map { try MethodCatalogue.method($0) }, engine: engine)
    }

    package init(
        _ question: Question, methods: [MethodSpecification], built: [any AttributionMethod], engine: any Engine
    ) throws {
        let graph = try Self.graph(for: question, methods: built)
        self.methods = methods
        layers = try built.map { try $0.layer(in: question) }
        inputNames = Set(graph.program.inputs.filter { !graph.seeds.contains($0) }.map { graph.program[$0].name })
        seedNames = graph.seeds.map { graph.program[$0].name }
        seedTypes = graph.seeds.map { graph.program[$0].type ?? .float32 }
        outputNames = graph.program.outputs.map(\.name)
        program = try engine.load(graph.program)
    }

    /// The explanation as one graph: the model's inputs and the seeds in, the score and one result per method out.
    package static func graph(
        for question: Question, methods built: [any AttributionMethod]
    ) throws -> (program: Graph, seeds: [ValueID]) {
        let targets = try Set(built.flatMap { try $0.gradients(in: question) })
        var answer = try QuestionGraph(question, gradientsOf: targets)
        answer.addOutput(try answer.score(), name: "gaze.score")
        for (index, method) in built.enumerated() {
            answer.addOutput(try method.result(in: &answer), name: "gaze.result.\(index)")
        }
        let names = answer.seeds.map { answer.graph[$0].name }
        let program = answer.graph.eliminatingDeadNodes(keepingInputs: false)
        try program.validate(after: "compiling the question")
        return (program, names.compactMap { program.value(named: $0) })
    }

    /// Runs the program with the target's weights.
    package func run(_ inputs: [String: AnyTensor], weights: [Tensor<Float>], notes: [String]) throws -> [Attribution] {
        var feed = inputs.filter { inputNames.contains($0.key) }
        for ((name, type), tensor) in zip(zip(seedNames, seedTypes), weights) {
            feed[name] = AnyTensor(tensor).converted(to: type)
        }
        let results = try program.run(feed, outputs: outputNames)
        let scores = results[0].floats
        return zip(zip(methods, layers), results.dropFirst()).map { pair, tensor in
            let values = tensor.floatTensor
            var remarks = notes
            let broken = values.elements.count { !$0.isFinite }
            if broken > 0 {
                remarks.append(
                    ExplanationError.notFinite(what: "The result of \(pair.0.label)", count: broken).description)
            }
            return Attribution(method: pair.0, values: values, layer: pair.1, scores: scores, notes: remarks)
        }
    }
}
