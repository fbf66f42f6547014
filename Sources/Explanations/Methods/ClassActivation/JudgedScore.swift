/// Which number of the model changed pictures and maps are judged by.
package enum JudgedScore: String, CaseIterable, Sendable {
    /// The target as it was given.
    case target
    /// The value in front of a trailing softmax or sigmoid.
    case logit
    /// The softmax probability.
    case prob

    package static func parameter(_ isDefault: JudgedScore) -> MethodParameter<JudgedScore> {
        .choice("score", isDefault, "what is judged: the target as it is given, its logit or its softmax probability")
    }

    /// The experiment about this number.
    package func experiment(_ experiment: Experiment) throws -> Experiment {
        switch self {
        case .target: experiment
        case .logit: try experiment.experiment(about: experiment.target.reread { .logit($0) })
        case .prob: try experiment.experiment(about: experiment.target.reread { .probability($0) })
        }
    }
}

extension Target {
    /// The target with another reading of its elements, in place of the one that it has.
    package func reread(_ reading: (Target) -> Target) -> Target {
        switch self {
        case .probability(let inner), .logit(let inner): reading(inner)
        case .combination(let terms): .combination(terms.map { Term($0.factor, $0.target.reread(reading)) })
        case .elements, .mean, .sum: reading(self)
        case .energy, .cosine, .dot, .error: self
        }
    }
}
