import Graphs
import Runtime
package import Tensors

extension Attributor {
    /// The findings of a reading, the likeliest first.
    ///
    /// - Throws: `ExplanationError.brokenOutput`, with the node that made the first NaN or infinity, where it is open which is the likeliest.
    package func ranked(
        _ head: any Head, _ outputs: OutputValues, of inputs: [String: AnyTensor], input: String? = nil
    ) throws -> [Finding] {
        do { return try head.ranked(in: outputs) } catch ExplanationError.brokenOutput(let sentence, nil) {
            let broken = head.brokenNumbers(in: outputs)
            throw ExplanationError.brokenOutput(
                sentence, cause: broken.flatMap { causeOfBrokenNumber($0, of: inputs, input: input) })
        }
    }

    /// An error for a reading with NaN or plus infinity among its numbers; nil where all can be compared.
    package func problem(
        _ head: any Head, _ outputs: OutputValues, of inputs: [String: AnyTensor], input: String? = nil
    ) -> ExplanationError? {
        guard let broken = head.brokenNumbers(in: outputs), !broken.isOrdered else { return nil }
        return .brokenOutput(broken.sentence, cause: causeOfBrokenNumber(broken, of: inputs, input: input))
    }

    /// The node that makes the first NaN or infinity on the way to a broken number; nil where that cannot be looked for.
    private func causeOfBrokenNumber(
        _ broken: BrokenNumbers, of inputs: [String: AnyTensor], input: String?
    ) -> String? {
        var query = Query(
            inputs: inputs, target: .elements(.name(broken.output), .element(broken.position)), methods: [],
            explained: input)
        query.explained = explained(by: query)
        guard let batches = try? Batches(inputs, for: self, explained: query.explained),
            let portion = try? batches.inputs(of: 0),
            let (question, resolved) = try? question(query, portion, batches, 0)
        else { return nil }
        let probe = FlawProbe(
            question: question, parts: resolved.parts, inputs: portion, row: 0, place: question.input, score: .nan,
            family: .gradient, engine: model.engine)
        return try? probe.cause(of: .score(.nan))
    }
}
