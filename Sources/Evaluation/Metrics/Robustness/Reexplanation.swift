package import Explanations
import Runtime
package import Tensors

extension EvaluationSubject {
    /// What the same method says about other inputs of the same shape and the same score: raw results without the batch
    /// axis, in batches where the method is a graph.
    package func results(at points: [Tensor<Float>], for metric: String) throws -> [ProcedureResult] {
        if try MethodCatalogue.isProcedure(method) {
            return try points.map { try experiment.experiment(at: $0).result(of: method) }
        }
        let layer = try MethodCatalogue.method(method).layer(in: experiment.question)
        var results: [ProcedureResult] = []
        try experiment.stream(points.count, of: [method]) {
            points[$0]
        } consume: { range, answers in
            for index in range.indices {
                results.append(ProcedureResult(answers.results[0].slice(index - range.lowerBound), layer: layer))
            }
            return true
        }
        guard results.count == points.count else { throw RuntimeError.cancelled }
        return results
    }

    /// A result of the same method as a map `[H, W]`.
    package func map(of result: ProcedureResult, for metric: String) throws -> Tensor<Float> {
        let planes = try planes(for: metric)
        guard let map = display.map(of: result.values, at: result.layer, over: planes),
            map.elements.allSatisfy(\.isFinite)
        else {
            throw EvaluationError.undefined(
                measure: metric, reason: "the method gives no finite map over the changed picture")
        }
        return map
    }
}
