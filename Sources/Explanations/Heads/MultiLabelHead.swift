import Tensors

/// One sigmoid per class; any number of classes hold.
package struct MultiLabelHead: Head {
    package let description: HeadDescription
    let output: OutputSurvey.Output

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> MultiLabelHead? {
        guard output.longAxes.count == 1, output.activation == "Sigmoid" else { return nil }
        let count = output.axes[output.longAxes[0]]
        return MultiLabelHead(
            description: HeadDescription(
                .multiLabel, output: output.name, classCount: count,
                reason:
                    "'\(output.name)' holds \(count) sigmoid probabilities, each class for itself\(survey.choice(of: [output.name]))"
            ),
            output: output)
    }

    package func findings(in outputs: OutputValues) throws -> [Finding] {
        let values = try outputs.value(output.name).elements
        let scores = outputs.logits[output.name]?.elements ?? values
        return values.indices.map {
            Finding(index: $0, score: Double(scores[$0]), probability: Double(values[$0]))
        }.sorted(by: Finding.precedes)
    }

    package func score(of finding: Finding, _ request: ScoreRequest, in outputs: OutputValues) -> HeadScore {
        output.classScore(finding.index, request, description)
    }
}
