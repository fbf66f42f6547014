package import Explanations
import Runtime
package import Tensors

/// Which number of the model a metric follows.
package enum AskedScore: String, CaseIterable, Sendable {
    /// The class's probability; the explained score where the model has none.
    case probability
    /// The explained score itself.
    case target

    package static func parameter(_ isDefault: AskedScore) -> MethodParameter<AskedScore> {
        .choice("score", isDefault, "the number that is followed: the class's probability, or the explained target")
    }

    /// The experiment about this number.
    package func experiment(of subject: EvaluationSubject) -> Experiment {
        self == .probability ? subject.probability ?? subject.experiment : subject.experiment
    }
}

extension Experiment {
    /// The scores of so many inputs, all of them.
    ///
    /// - Parameter point: The input of a number; called in order.
    /// - Throws: `RuntimeError.cancelled` where the run ended before the last: part of a curve has another meaning.
    package func scores(_ count: Int, point: (Int) throws -> Tensor<Float>) throws -> [Double] {
        var scores: [Double] = []
        try stream(count, point: point) { _, answers in
            scores += answers.scores.map(Double.init)
            return true
        }
        guard scores.count == count else { throw RuntimeError.cancelled }
        return scores
    }

    /// The score of one input.
    package func score(at point: Tensor<Float>) throws -> Double { try scores(1) { _ in point }[0] }
}
