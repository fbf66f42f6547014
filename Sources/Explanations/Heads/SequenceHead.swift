import Tensors

/// A class for every step of a sequence (text recognition): the mean logit of a class over the steps where it wins.
package struct SequenceHead: Head {
    package let description: HeadDescription
    package let map: ClassMap

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> SequenceHead? {
        let long = output.longAxes
        guard long.count == 2 else { return nil }
        let labelled = long.first { output.axes[$0] == survey.labelCount }
        let axis = labelled ?? long[1]
        let steps = output.axes[axis == long[1] ? long[0] : long[1]]
        let count = output.axes[axis]
        return SequenceHead(
            description: HeadDescription(
                .sequence, output: output.name, classCount: count,
                reason:
                    "'\(output.name)' holds \(count) class scores for each of \(steps) steps\(survey.choice(of: [output.name]))",
                isGuess: output.activation == nil),
            map: ClassMap(output: output, classAxis: axis))
    }

    package func findings(in outputs: OutputValues) throws -> [Finding] { try map.findings(in: outputs) }

    package func finding(_ choice: FindingChoice, in outputs: OutputValues) throws -> Finding {
        guard let index = choice.index else { return try ranked(in: outputs)[0] }
        return try map.finding(index, in: outputs)
    }

    package func score(of finding: Finding, _ request: ScoreRequest, in outputs: OutputValues) throws -> HeadScore {
        guard let wins = try map.wins(of: finding.index, in: outputs) else {
            return map.score(
                of: finding.index, request, at: nil, words: "over all steps, because it wins at none",
                head: description)
        }
        return map.score(
            of: finding.index, request, at: wins.map,
            words: "over the \(Grouped.text(wins.count)) step\(wins.count == 1 ? "" : "s") where it wins",
            head: description)
    }
}
