import Graphs
import Runtime
package import Tensors

/// A graph method's program for one sample of a question: for procedures that ask it step by step.
package struct SampleProgram: Sendable {
    private let program: CompiledQuestion
    private let inputs: [String: AnyTensor]
    private let weights: [Tensor<Float>]
    private let explained: String
    private let rows: Int

    fileprivate init(
        _ program: CompiledQuestion, inputs: [String: AnyTensor], weights: [Tensor<Float>], explained: String, rows: Int
    ) {
        self.program = program
        self.inputs = inputs
        self.weights = weights
        self.explained = explained
        self.rows = rows
    }

    /// The score and the method's result, without the batch axis, where the explained input is this.
    package func answer(at point: Tensor<Float>) throws -> (score: Double, result: Tensor<Float>) {
        var feed = inputs
        // A model of a fixed batch computes the same row several times.
        let shape = inputs[explained]?.shape ?? Shape([rows] + point.shape.dimensions.dropFirst())
        let copies = [[Float]](repeating: point.elements, count: rows).flatMap { $0 }
        feed[explained] = AnyTensor(try Tensor(shape: shape, elements: copies)).converted(
            to: inputs[explained]?.elementType ?? .float32)
        let answer = try program.run(feed, weights: weights, notes: [])[0]
        return (Double(answer.scores[0]), try answer.values.divided(into: rows).slice(0))
    }
}

extension Experiment {
    /// A method's program, also of methods that no name of the catalogue stands for.
    package func program(of method: any GraphMethod) throws -> SampleProgram {
        let attributor = context.attributor
        let query = attributor.query(for: context, rows: 1)
        let batches = try Batches(
            query.inputs, for: attributor, explained: query.explained, origins: query.origins, of: query.samples)
        let inputs = try batches.inputs(of: 0)
        let (question, resolved) = try attributor.question(query, inputs, batches, 0)
        let program = try CompiledQuestion(
            question, methods: [MethodSpecification(type(of: method).description.name)], built: [method],
            engine: attributor.model.engine)
        return SampleProgram(
            program, inputs: inputs, weights: resolved.parts.map(\.weights), explained: batches.explained,
            rows: batches.size)
    }

    /// Calls `step` up to so many times, until it returns false, the time is up or the run is cancelled.
    ///
    /// - Returns: How many steps were made.
    @discardableResult
    package func repeating(_ count: Int, step: (Int) throws -> Bool) throws -> Int {
        try portions(count, size: 1) { range, _ in try step(range.lowerBound) }
    }
}
