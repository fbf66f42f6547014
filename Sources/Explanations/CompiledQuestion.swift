package import Graphs
package import Runtime
package import Tensors

/// A question as a program: one run gives the results of all its methods.
package final class CompiledQuestion: Sendable {
    private let program: any Program
    private let methods: [MethodSpecification]
    private let built: [any GraphMethod]
    private let layers: [LayerChoice?]
    private let inputNames: Set<String>
    private let outputNames: [String]
    /// For every method its evidence: the name, and the number of the output.
    private let evidence: [[String: Int]]
    private let remarks: [[String]]
    private let seedNames: [String]
    private let seedTypes: [ElementType]

    package convenience init(_ question: Question, methods: [MethodSpecification], engine: any Engine) throws {
        try self.init(
            question, methods: methods, built: methods.map { try MethodCatalogue.graphMethod($0) }, engine: engine)
    }

    package init(
        _ question: Question, methods: [MethodSpecification], built: [any GraphMethod], engine: any Engine
    ) throws {
        let requests = try built.flatMap { try $0.gradients(in: question) }
        try question.graph.checkMemory(engine.memory, gradientsOf: requests.map(\.value))
        let graph = try Self.graph(for: question, methods: built)
        self.methods = methods
        self.built = built
        layers = try built.map { try $0.layer(in: question) }
        remarks = try built.map { try $0.notes(on: question) }
        inputNames = Set(graph.program.inputs.filter { !graph.seeds.contains($0) }.map { graph.program[$0].name })
        seedNames = graph.seeds.map { graph.program[$0].name }
        seedTypes = graph.seeds.map { graph.program[$0].type ?? .float32 }
        outputNames = graph.program.outputs.map(\.name)
        evidence = graph.evidence
        program = try engine.load(graph.program)
    }

    /// The explanation as one graph: the model's inputs and the seeds in, the score and one result per method out.
    package static func graph(
        for question: Question, methods built: [any GraphMethod]
    ) throws -> (program: Graph, seeds: [ValueID], evidence: [[String: Int]]) {
        var answer = try QuestionGraph(question, gradients: built.flatMap { try $0.gradients(in: question) })
        answer.addOutput(try answer.score(), name: "gaze.score")
        for (index, method) in built.enumerated() {
            answer.addOutput(try method.result(in: &answer), name: "gaze.result.\(index)")
        }
        let evidence = try built.map { method in
            try method.evidence(in: &answer).sorted { $0.key < $1.key }.reduce(into: [String: Int]()) { numbers, pair in
                numbers[pair.key] = answer.graph.outputs.count
                answer.addOutput(pair.value, name: "gaze.evidence.\(answer.graph.outputs.count)")
            }
        }
        let names = answer.seeds.map { answer.graph[$0].name }
        let program = answer.graph.eliminatingDeadNodes(keepingInputs: false)
        try program.validate(after: "compiling the question")
        return (program, names.compactMap { program.value(named: $0) }, evidence)
    }

    /// Runs the program with the target's weights.
    package func run(_ inputs: [String: AnyTensor], weights: [Tensor<Float>], notes: [String]) throws -> [Attribution] {
        var feed = inputs.filter { inputNames.contains($0.key) }
        for ((name, type), tensor) in zip(zip(seedNames, seedTypes), weights) {
            feed[name] = AnyTensor(tensor).converted(to: type)
        }
        let results = try program.run(feed, outputs: outputNames)
        let scores = results[0].floats
        return methods.indices.map { index in
            let values = results[index + 1].floatTensor
            let numbers = evidence[index].mapValues { results[$0].floats }
            let checks = scores.indices.map { sample in
                values.shape.dimensions.first == scores.count
                    ? built[index].checks(
                        of: values.slice(sample), score: Double(scores[sample]),
                        evidence: numbers.compactMapValues { sample < $0.count ? Double($0[sample]) : nil }) : []
            }
            return Attribution(
                method: methods[index], values: values, layer: layers[index], scores: scores, checks: checks,
                notes: notes + remarks[index])
        }
    }
}
