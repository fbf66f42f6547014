import Tensors

/// A yes or no from one number: class 1 is the number itself, class 0 its negative.
package struct BinaryHead: Head {
    package let description: HeadDescription
    let output: OutputSurvey.Output

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> BinaryHead? {
        guard output.longAxes.isEmpty else { return nil }
        return BinaryHead(
            description: HeadDescription(
                .binary, output: output.name, classCount: 2,
                reason: output.activation == "Sigmoid"
                    ? "'\(output.name)' holds one sigmoid probability\(survey.choice(of: [output.name]))"
                    : "'\(output.name)' holds one number, taken as a logit because of its name or because class names are known\(survey.choice(of: [output.name]))",
                isGuess: output.activation != "Sigmoid"),
            output: output)
    }

    package func findings(in outputs: OutputValues) throws -> [Finding] {
        let value = try outputs.value(output.name).elements.first ?? .nan
        let score = Double(outputs.logits[output.name]?.elements.first ?? value)
        let probability = output.activation == "Sigmoid" ? Double(value) : Probability.sigmoid(value)
        let both = [
            Finding(index: 1, score: score, probability: probability),
            Finding(index: 0, score: -score, probability: 1 - probability),
        ]
        return probability < 0.5 ? both.reversed() : both
    }

    package func score(of finding: Finding, _ request: ScoreRequest, in outputs: OutputValues) -> HeadScore {
        let logit = Target.logit(.elements(.name(output.name), .whole))
        let name = description.name(of: finding.index, names: request.names)
        // The other class's score is the negative one, so a contrast doubles.
        let factor = (finding.index == 1 ? 1.0 : -1.0) * (request.contrast == nil ? 1 : 2)
        let target = factor == 1 ? logit : .combination([Target.Term(factor, logit)])
        let other = request.contrast.map { " minus that of '\(description.name(of: $0, names: request.names))'" } ?? ""
        let sign = finding.index == 1 ? "" : ", which is the model's number with its sign changed"
        return HeadScore(target, statement: "the logit of '\(name)'\(other)\(output.activationRemark)\(sign)")
    }
}
