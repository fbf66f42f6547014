package import Explanations

/// For how many pictures the map keeps more of the class's probability than another method's map.
///
///     win rate = 100 mean[O > O_other]
///
/// Chattopadhyay, Sarkar, Howlader, Balasubramanian: Grad-CAM++, WACV 2018.
package struct WinRate: Metric {
    private static let over = MethodParameter<String?>.word(
        "over", "the label or name of the method that is to be beaten; without it, the mean over all others"
    )

    package static let description = MeasureDescription(
        name: "win-rate", family: .faithfulness,
        summary: "In how many pictures the map keeps more of the probability than another method's map, in percent.",
        formula:
            "100 [O > O_other], averaged over pictures; O = p(m x + (1 - m) baseline), m = a map's evidence in [0, 1]",
        paper:
            "Chattopadhyay et al., Grad-CAM++: Generalized Gradient-Based Visual Explanations for Deep Convolutional Networks, WACV 2018",
        range: "0 to 100", better: .higher, comparesMethods: true, cost: "1 forward pass for each method",
        remarks:
            "Equal probabilities are won by neither, so two methods need not add up to 100. The other method has to be measured in the same run.",
        parameters: [over.description] + MapWeighting.parameters)

    private let over: String?
    private let weighting: MapWeighting

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        over = try parameters.value(Self.over)
        weighting = try MapWeighting(&parameters)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let others = subject.others.filter { over == nil || $0.method.label == over || $0.method.name == over }
        guard !others.isEmpty else {
            let reason =
                over.map { "no map of '\($0)' is measured beside this one; ask for that method too" }
                ?? "no other method is measured beside this one"
            throw EvaluationError.undefined(measure: Self.description.name, reason: reason)
        }
        _ = try subject.planes(for: Self.description.name)
        let own = try weighting.confidence(in: subject.evidence, of: subject, for: Self.description.name)
        let theirs = try others.map { other in
            let display = try MethodCatalogue.method(other.method).display ?? .positive
            return try weighting.confidence(
                in: display.evidence(in: other.map), of: subject, for: Self.description.name)
        }
        let wins = theirs.count { own > $0 }
        return Measurement(100 * Double(wins) / Double(theirs.count), details: [own] + theirs)
    }
}
