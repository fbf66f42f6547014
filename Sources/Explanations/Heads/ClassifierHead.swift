import Tensors

/// One score per class; one class of several holds.
package struct ClassifierHead: Head {
    package let description: HeadDescription
    let output: OutputSurvey.Output

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> ClassifierHead? {
        guard output.longAxes.count == 1, output.activation != "Sigmoid" else { return nil }
        let count = output.axes[output.longAxes[0]]
        let end =
            switch output.activation {
            case "Softmax": "softmax probabilities"
            case "LogSoftmax": "logarithms of softmax probabilities"
            default: "numbers without a softmax, taken as logits"
            }
        return ClassifierHead(
            description: HeadDescription(
                .classifier, output: output.name, classCount: count,
                reason: "'\(output.name)' holds \(count) \(end)\(survey.choice(of: [output.name]))"),
            output: output)
    }

    package func findings(in outputs: OutputValues) throws -> [Finding] {
        let values = try outputs.value(output.name).elements
        let scores = outputs.logits[output.name]?.elements ?? values
        let probabilities = Probability.ofClasses(values, activation: output.activation)
        return values.indices.map {
            Finding(index: $0, score: Double(scores[$0]), probability: probabilities[$0])
        }.sorted(by: Finding.precedes)
    }

    package func score(of finding: Finding, _ request: ScoreRequest, in outputs: OutputValues) -> HeadScore {
        output.classScore(finding.index, request, description)
    }
}

extension OutputSurvey.Output {
    /// The element of a class, before its activation.
    func logit(_ index: Int) -> Target {
        let axis = longAxes.first ?? 0
        return .logit(.elements(.name(name), .element(axes.prefix(axis + 1).indices.map { $0 == axis ? index : 0 })))
    }

    /// `the logit of 'cat' (before the softmax)`, or its difference from another class's.
    func classScore(_ index: Int, _ request: ScoreRequest, _ head: HeadDescription) -> HeadScore {
        let subject = "the logit of '\(head.name(of: index, names: request.names))'"
        guard let contrast = request.contrast else {
            return HeadScore(logit(index), statement: subject + activationRemark)
        }
        return HeadScore(
            .combination([Target.Term(1, logit(index)), Target.Term(-1, logit(contrast))]),
            statement: "\(subject) minus that of '\(head.name(of: contrast, names: request.names))'\(activationRemark)")
    }

    /// ` (before the softmax)`; empty without an activation.
    var activationRemark: String {
        switch activation {
        case "Softmax", "LogSoftmax": " (before the softmax)"
        case "Sigmoid": " (before the sigmoid)"
        default: ""
        }
    }
}
