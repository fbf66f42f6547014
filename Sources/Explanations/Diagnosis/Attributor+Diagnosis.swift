import Graphs
import Runtime
import Tensors

extension Attributor {
    /// What is wrong with a result that shows nothing, and why, a sentence for each kind; empty where it shows something.
    func diagnoses(of answer: Attribution, to query: Query) -> [String] {
        guard let method = try? MethodCatalogue.method(answer.method), type(of: method).description.place != .score,
            type(of: method).description.family != .reference,
            let values = try? answer.values.divided(into: answer.scores.count),
            values.shape.rank > 0, values.shape[0] == answer.scores.count
        else { return [] }
        var sentences: [String] = []
        for sample in answer.scores.indices {
            let score = answer.scores[sample]
            let flaw =
                score.isFinite
                ? ResultFlaw(values.slice(sample), display: method.display) : .score(score)
            guard let flaw else { continue }
            let cause = (try? cause(of: flaw, answer: answer, query: query, sample: sample)) ?? nil
            let place = answer.scores.count > 1 ? "sample \(sample): " : ""
            let sentence = place + flaw.sentence(answer.method.label) + (cause.map { ". \($0)" } ?? "")
            sentences.append(sentence)
            // The first cases tell; a data set of them would not.
            if sentences.count == 3 { break }
        }
        return sentences
    }

    /// Looks for the cause on the running model; only done for results that show nothing.
    private func cause(of flaw: ResultFlaw, answer: Attribution, query: Query, sample: Int) throws -> String? {
        let batches = try Batches(
            query.inputs, for: self, explained: query.explained, origins: query.origins, of: query.samples)
        let portion = sample / batches.size
        let inputs = try batches.inputs(of: portion)
        let (question, resolved) = try question(query, inputs, batches, portion)
        let probe = FlawProbe(
            question: question, parts: resolved.parts, inputs: inputs, row: sample % batches.size,
            place: answer.layer.flatMap { question.graph.value(named: $0.layer.tensorName) } ?? question.input,
            score: Double(answer.scores[sample]),
            family: try MethodCatalogue.description(named: answer.method.name).family, engine: model.engine)
        return try probe.cause(of: flaw)
    }
}
