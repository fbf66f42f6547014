import Graphs
package import Runtime
package import Tensors

/// A model's head with the program that computes the outputs it reads.
package final class HeadReader: Sendable {
    /// What a reader was made for.
    struct Key: Hashable {
        let shapes: [String: Shape]
        let input: String?
        let labelCount: Int?
    }

    private let head: (any Head)?
    private let program: (any Program)?
    /// The program's results: the output's name, and whether it is what enters its activation or quantiser.
    private let results: [(name: String, isLogits: Bool)]
    private let inputNames: Set<String>
    private let batch: Int
    private let axes: [String: [Int]]
    /// What probabilities were multiplied by, and are divided by here.
    private let factors: [String: Float]

    /// More elements than this are not followed one by one to what enters the activation.
    private static let largestLogits = 1 << 17

    package init(_ survey: OutputSurvey, engine: any Engine) throws {
        head = try survey.head()
        batch = survey.batch
        try Self.checkSizes(of: head, in: survey, memory: engine.memory)
        var graph = survey.graph
        var results: [(String, Bool)] = []
        var axes: [String: [Int]] = [:]
        var factors: [String: Float] = [:]
        graph.outputs = []
        let read = Set(head?.description.outputs ?? [])
        for output in survey.outputs + survey.sources where read.contains(output.name) && axes[output.name] == nil {
            graph.outputs.append(Graph.Output(name: "gaze.\(graph.outputs.count)", value: output.value))
            results.append((output.name, false))
            axes[output.name] = output.axes
            factors[output.name] = output.factor
            if let logits = Self.logits(of: output, in: graph) {
                graph.outputs.append(Graph.Output(name: "gaze.\(graph.outputs.count)", value: logits))
                results.append((output.name, true))
            }
        }
        self.results = results
        self.axes = axes
        self.factors = factors
        guard head != nil else {
            (program, inputNames) = (nil, [])
            return
        }
        let needed = graph.eliminatingDeadNodes(keepingInputs: false)
        inputNames = Set(needed.inputs.map { needed[$0].name })
        program = try engine.load(needed)
    }

    /// Refuses more numbers than can be listed: a file of 200 bytes can state a head of a hundred million classes.
    private static func checkSizes(
        of head: (any Head)?, in survey: OutputSurvey, memory: MemoryBudget
    ) throws(ExplanationError) {
        let read = Set(head?.description.outputs ?? [])
        for output in survey.outputs + survey.sources where read.contains(output.name) {
            let count = output.axes.reduce(1, *)
            let isList = output.longAxes.count <= 1
            // Of a list each number becomes a finding with a name, of a map each place has a winner.
            let limit = min(isList ? 1 << 20 : 1 << 28, memory.bytes / (isList ? 128 : 24))
            guard count <= limit else {
                throw .tooManyScores(output: output.name, count: count, limit: limit)
            }
        }
    }

    /// What enters the activation or the quantiser of a whole output, where its numbers lie in the same order.
    private static func logits(of output: OutputSurvey.Output, in graph: Graph) -> ValueID? {
        guard let count = graph.shape(of: output.value)?.count, count <= largestLogits else { return nil }
        guard output.activation != nil else {
            let front = graph.unquantised(output.value)
            return front == output.value ? nil : front
        }
        let traced = graph.traced(Array(0..<count), of: output.value)
        guard traced.count == 1, traced[0].positions.elementsEqual(0..<count),
            traced[0].members.elementsEqual(0..<count), graph.shape(of: traced[0].value)?.count == count,
            graph[traced[0].value].type?.isFloatingPoint == true
        else { return nil }
        return traced[0].value
    }

    /// The head with its outputs for the first sample.
    package func reading(of inputs: [String: AnyTensor]) throws -> (head: any Head, outputs: OutputValues)? {
        guard let head, let program else { return nil }
        let tensors = try program.run(
            inputs.filter { inputNames.contains($0.key) }, outputs: results.indices.map { "gaze.\($0)" })
        var values: [String: Tensor<Float>] = [:]
        var logits: [String: Tensor<Float>] = [:]
        for (result, tensor) in zip(results, tensors) {
            let shape = Shape(axes[result.name] ?? [])
            let sample = try Tensor(shape: shape, elements: Array(tensor.floats.prefix(shape.count)))
            let factor = factors[result.name] ?? 1
            if result.isLogits {
                logits[result.name] = sample
            } else {
                values[result.name] = factor == 1 ? sample : sample.map { $0 / factor }
            }
        }
        return (head, OutputValues(values: values, logits: logits))
    }
}

extension Attributor {
    /// The head of the model and what its outputs hold for the first sample; nil where the outputs are of no kind that is known.
    ///
    /// - Parameters:
    ///   - inputs: A tensor per input, as for `attribute`.
    ///   - input: The picture input; nil is the first.
    ///   - labelCount: How many class names are known.
    package func reading(
        of inputs: [String: AnyTensor], input: String? = nil, labelCount: Int? = nil
    ) throws -> (head: any Head, outputs: OutputValues)? {
        let batches = try Batches(inputs, for: self, explained: input)
        let portion = try batches.inputs(of: 0)
        let shapes = portion.mapValues(\.shape)
        let key = HeadReader.Key(shapes: shapes, input: input, labelCount: labelCount)
        let reader = try readers.value(for: key) {
            try HeadReader(
                OutputSurvey(
                    try specialisedGraph(for: shapes), input: batches.explained, batch: batches.size,
                    labelCount: labelCount), engine: model.engine)
        }
        return try reader.reading(of: portion)
    }
}
