package import Explanations
import Runtime
package import Tensors

extension Experiment {
    /// The class whose score is asked for: the element of a classifier's first output; nil where it is another score.
    package var classIndex: Int? {
        switch target {
        case .elements(_, let selection), .probability(.elements(_, let selection)),
            .logit(.elements(_, let selection)):
            switch selection {
            case .element(let indices): indices.count == 1 ? indices[0] : nil
            case .perSample(let indices): indices.indices.contains(sample) ? indices[sample] : nil
            case .whole: nil
            }
        default: nil
        }
    }

    /// The same question about another class; nil where the score is no class's.
    package func experiment(aboutClass index: Int) throws -> Experiment? {
        func element(_ target: Target) -> Target? {
            guard case .elements(let source, _) = target else { return nil }
            return .elements(source, .element([index]))
        }
        let other: Target? =
            switch target {
            case .probability(let inner): element(inner).map { .probability($0) }
            case .logit(let inner): element(inner).map { .logit($0) }
            default: element(target)
            }
        return try other.map { try experiment(about: $0) }
    }

    /// The whole output that the score is taken from, without the batch axis, for each input.
    package func outputs(at points: [Tensor<Float>]) throws -> [Tensor<Float>] {
        var outputs: [Tensor<Float>] = []
        try stream(points.count, of: [MethodSpecification("output")]) {
            points[$0]
        } consume: { range, answers in
            for index in 0..<range.count { outputs.append(answers.results[0].slice(index)) }
            return true
        }
        guard outputs.count == points.count else { throw RuntimeError.cancelled }
        return outputs
    }
}
