import Graphs
import Tensors

/// Two outputs, boxes `[N, 4]` and class scores `[N, C]`, as SSD and RetinaNet have them before non-maximum suppression.
package struct BoxAndScoreHead: CandidateHead {
    package let description: HeadDescription
    let scores: OutputSurvey.Output
    let boxOutput: OutputSurvey.Output
    let inputSize: (height: Int, width: Int)

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> BoxAndScoreHead? {
        guard let size = survey.inputSize, let (scores, boxes) = pair(with: output, in: survey) else { return nil }
        let count = scores.classLength
        let hasBackground = count > 1 && scores.activation != "Sigmoid" && survey.labelCount != count
        let isGuess = hasBackground && scores.activation == nil
        let background =
            !hasBackground
            ? "" : ", class 0 is the background\(isGuess ? ", which is a guess because there is no softmax" : "")"
        return BoxAndScoreHead(
            description: HeadDescription(
                .detector, output: scores.name, outputs: [scores.name, boxes.name], classCount: count,
                reason:
                    "'\(scores.name)' holds \(count) class score\(count == 1 ? "" : "s") and '\(boxes.name)' a box for each of \(boxes.candidateLength) candidates\(background)\(survey.choice(of: [scores.name, boxes.name]))",
                isGuess: isGuess, firstClass: hasBackground ? 1 : 0),
            scores: scores, boxOutput: boxes, inputSize: size)
    }

    private static func pair(
        with output: OutputSurvey.Output, in survey: OutputSurvey
    ) -> (scores: OutputSurvey.Output, boxes: OutputSurvey.Output)? {
        let tables = survey.outputs.filter { !$0.isAuxiliary && $0.isTable }
        func isBoxes(_ output: OutputSurvey.Output) -> Bool { output.classLength == 4 && output.activation == nil }
        let boxes = tables.filter(isBoxes)
        let words = ["box", "loc", "reg", "coord"]
        guard let chosen = boxes.first(where: { $0.isCalled(words) }) ?? boxes.first,
            let scores = tables.first(where: { $0.name != chosen.name && $0.candidateLength == chosen.candidateLength }
            ),
            output.name == chosen.name || output.name == scores.name
        else { return nil }
        return (scores, chosen)
    }

    var candidateCount: Int { boxOutput.candidateLength }

    func probabilities(of candidate: Int, in outputs: OutputValues) throws -> [Double] {
        let count = scores.classLength
        let elements = try outputs.value(scores.name).elements
        let row = Array(elements[candidate * count..<(candidate + 1) * count])
        var all =
            scores.activation == nil && description.firstClass == 0
            ? row.map(Probability.sigmoid) : Probability.ofClasses(row, activation: scores.activation)
        for background in 0..<description.firstClass { all[background] = 0 }
        return all
    }

    func boxes(in outputs: OutputValues) throws -> [InputBox]? {
        let elements = try outputs.value(boxOutput.name).elements
        let rows = (0..<candidateCount).map { Array(elements[$0 * 4..<$0 * 4 + 4]) }
        guard let format = BoxFormat(of: rows) else { return nil }
        return rows.map { format.box($0, width: inputSize.width, height: inputSize.height) }
    }

    func value(of candidate: Int, class index: Int, in outputs: OutputValues) throws -> Double {
        Double(try outputs.value(scores.name).elements[candidate * scores.classLength + index])
    }

    func logit(of candidate: Int, class index: Int) -> Target {
        let long = [scores.axes.firstIndex(of: candidateCount) ?? 0, scores.axes.count - 1]
        return .logit(
            .elements(
                .name(scores.name),
                .element(
                    scores.axes.indices.map { axis in
                        axis == long[0] ? candidate : axis == long[1] && scores.classLength > 1 ? index : 0
                    })))
    }

    var remark: String { scores.activationRemark }
}

extension OutputSurvey.Output {
    /// Whether it has a row of numbers for each of many candidates.
    fileprivate var isTable: Bool {
        let long = longAxes
        return (long.count == 2 || (long.count == 1 && axes.count <= 2)) && candidateLength >= 8
    }

    /// The number of candidates.
    fileprivate var candidateLength: Int { longAxes.first.map { axes[$0] } ?? 1 }

    /// How many numbers a candidate has.
    fileprivate var classLength: Int { longAxes.count == 2 ? axes[longAxes[1]] : 1 }
}
