import Explanations

/// ILSVRC's rule: right where the true class is among the first k of the model and its box is the object's.
///
/// The challenge lets a model name k pairs of a class and a box; only the pair of the true class can be right, so that the map of
/// the true class decides.
struct RankedLocalisation {
    static var parameters: [MethodDescription.Parameter] { [OverlapLimit.parameter.description] + BoxRule.parameters }

    static let remarks =
        "An error, as the challenge counts it. The map has to be of the true class. 1 minus it is the accuracy; gt-known leaves the model's ranking out."

    private let rule: BoxRule
    private let limit: Double

    init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        limit = try parameters.value(OverlapLimit.parameter)
        rule = try BoxRule(&parameters)
    }

    /// 1 where the class or the box is wrong.
    func error(among count: Int, of subject: EvaluationSubject, for metric: String) throws -> Measurement {
        guard let rank = subject.truth?.rank else {
            throw EvaluationError.undefined(measure: metric, reason: "the model's rank of the true class is not known")
        }
        // A wrong class is an error wherever the box lies, also where another class is explained.
        guard rank < count else { return Measurement(1) }
        return Measurement(try rule.overlap(of: subject, for: metric) >= limit ? 0 : 1)
    }
}
