import Tensors

/// Numbers that are no class scores. A file does not tell this for certain: words in the output's name do, or a single number
/// without a sigmoid.
package struct RegressionHead: Head {
    package let description: HeadDescription
    let output: OutputSurvey.Output

    private static let words = [
        "regress", "value", "age", "price", "coord", "landmark", "keypoint", "pose", "angle", "bbox", "box", "depth",
        "count", "offset", "rating", "quality",
    ]

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> RegressionHead? {
        guard output.longAxes.count <= 1, output.activation == nil else { return nil }
        let count = output.longAxes.first.map { output.axes[$0] } ?? 1
        let isNamed = Self.isNamed(output.name)
        let isBinary =
            output.isCalled(["logit", "prob", "class", "score"]) || survey.labelCount.map { $0 <= 2 } == true
            || survey.metadata.task == .classification
        guard isNamed || (count == 1 && !isBinary), count == 1 || survey.labelCount != count else { return nil }
        let why = isNamed ? "its name speaks of values" : "one number without a sigmoid"
        return RegressionHead(
            description: HeadDescription(
                .regression, output: output.name, classCount: count,
                reason:
                    "'\(output.name)' holds \(count == 1 ? "one number" : "\(count) numbers") taken as measured values (\(why))\(survey.choice(of: [output.name]))",
                isGuess: true),
            output: output)
    }

    /// A word counts as a whole: `age` is not in `image`.
    private static func isNamed(_ name: String) -> Bool {
        let parts = name.lowercased().split { !$0.isLetter }
        return parts.contains { part in
            words.contains { part == $0 || part == $0 + "s" || (part.hasPrefix($0) && $0.count > 5) }
        }
    }

    package func findings(in outputs: OutputValues) throws -> [Finding] {
        let values = try outputs.value(output.name).elements
        return values.indices.map { Finding(index: $0, score: Double(values[$0])) }
    }

    package func score(of finding: Finding, _ request: ScoreRequest, in outputs: OutputValues) -> HeadScore {
        func number(_ index: Int) -> Target {
            let plain = description.classCount == 1 ? .elements(.name(output.name), .whole) : output.value(index)
            // What a quantiser cuts off has no gradient.
            return output.isQuantised ? .logit(plain) : plain
        }
        let subject = "the \(description.name(of: finding.index, names: request.names)) of '\(output.name)'"
        guard let contrast = request.contrast else { return HeadScore(number(finding.index), statement: subject) }
        return HeadScore(
            .combination([Target.Term(1, number(finding.index)), Target.Term(-1, number(contrast))]),
            statement: "\(subject) minus \(description.name(of: contrast, names: request.names))")
    }
}

extension OutputSurvey.Output {
    /// The element of a class, as it is.
    func value(_ index: Int) -> Target {
        if case .logit(let inner) = logit(index) { return inner }
        return logit(index)
    }
}
