import Graphs
import Tensors

/// A vector that is compared with others: explained by half its squared length, or by its cosine with another picture's.
///
/// The gradient of `½ ‖f‖²` is f itself, so every component counts as much as it is used; a vector that the model scales to length 1
/// is taken before that, where its length still says something.
package struct EmbeddingHead: Head {
    package let description: HeadDescription
    let output: OutputSurvey.Output
    let isNormalised: Bool

    private static let words = ["embed", "feature", "feat", "descriptor", "pooled", "hidden", "vector", "represent"]

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> EmbeddingHead? {
        let count = output.axes.reduce(1, *)
        guard count >= 8, output.activation == nil, output.decision == nil,
            output.axes.count <= 2 || output.longAxes.count <= 1,
            survey.labelCount != count
        else { return nil }
        let isNormalised = survey.graph.unnormalised(output.value) != output.value
        let isNamed = output.isCalled(words)
        let isPooled = count >= 128 && count % 32 == 0 && survey.labelCount == nil && survey.endsInPooling(output.value)
        let isStated = survey.metadata.task == .embedding
        guard isNormalised || isNamed || isStated || (isPooled && output.longAxes.count == 1) else { return nil }
        let why =
            isNormalised
            ? "scaled to length 1"
            : isStated
                ? "the file's task says so"
                : isNamed ? "its name says so" : "it ends in a pooling, without a classifier"
        return EmbeddingHead(
            description: HeadDescription(
                .embedding, output: output.name, classCount: 0,
                reason:
                    "'\(output.name)' holds a vector of \(count) numbers (\(why))\(survey.choice(of: [output.name]))",
                isGuess: !isNormalised && !isStated),
            output: output, isNormalised: isNormalised)
    }

    package func findings(in outputs: OutputValues) throws -> [Finding] {
        let values = try outputs.value(output.name).elements
        return [Finding(index: 0, score: values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())]
    }

    package func finding(_ choice: FindingChoice, in outputs: OutputValues) throws -> Finding {
        guard choice.index == nil else {
            throw ExplanationError.unsuitable(
                method: "-c",
                reason:
                    "the output '\(output.name)' is an embedding and has no classes; leave -c out, give --vs IMAGE to compare with another picture, or name a component with \(TargetText.option("\(TargetText.name(output.name))[0]"))"
            )
        }
        return try ranked(in: outputs)[0]
    }

    package func score(of finding: Finding, _ request: ScoreRequest, in outputs: OutputValues) -> HeadScore {
        let whole = Target.elements(.name(output.name), .whole)
        if let reference = request.reference {
            return HeadScore(
                .cosine(whole, file: "reference"), tensors: ["reference": reference],
                statement: "the cosine between this picture's embedding and the other picture's")
        }
        let before = isNormalised ? ", before it is scaled to length 1" : ""
        return HeadScore(.energy(whole), statement: "half the squared length of the embedding\(before)")
    }
}

extension OutputSurvey {
    /// Whether a value is a pooling's result, perhaps under another shape.
    fileprivate func endsInPooling(_ value: ValueID) -> Bool {
        var current = value
        while let node = graph.producingNode(of: current), node.domain.isEmpty, let operand = node.input(0) {
            if ["GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "AveragePool"].contains(node.operation) {
                return true
            }
            guard ["Identity", "Reshape", "Flatten", "Squeeze", "Dropout"].contains(node.operation) else {
                return false
            }
            current = operand
        }
        return false
    }
}
