import Graphs
import Tensors

/// Two outputs, boxes `[N, 4]` and class scores `[N, C]`, as SSD and RetinaNet have them before non-maximum suppression.
package struct BoxAndScoreHead: CandidateHead {
    package let description: HeadDescription
    let parts: DetectorParts
    let inputSize: (height: Int, width: Int)

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> BoxAndScoreHead? {
        guard let size = survey.inputSize, let (scores, boxes) = survey.boxesAndScores(with: output),
            boxes.output.activation == nil
        else { return nil }
        let (count, activation) = (scores.count, scores.output.activation)
        let isProduct = survey.isProductOfProbabilities(scores.output)
        let hasBackground = count > 1 && activation != "Sigmoid" && !isProduct && survey.labelCount != count
        let isGuess = hasBackground && activation == nil
        let background =
            !hasBackground
            ? "" : ", class 0 is the background\(isGuess ? ", which is a guess because there is no softmax" : "")"
        let names = [scores.output.name, boxes.output.name]
        let form: DetectorParts.Form =
            if let activation { .activated(activation) } else {
                hasBackground ? .exclusive : isProduct ? .unknown : .independent
            }
        return BoxAndScoreHead(
            description: HeadDescription(
                .detector, output: names[0], outputs: names, classCount: count,
                reason:
                    "'\(names[0])' holds \(count) class score\(count == 1 ? "" : "s") and '\(names[1])' a box for each of \(boxes.candidates) candidates\(background)\(survey.choice(of: names))",
                isGuess: isGuess, firstClass: hasBackground ? 1 : 0),
            parts: DetectorParts(
                classes: scores, form: form, boxes: boxes, emptyClass: hasBackground ? 0 : nil),
            inputSize: size)
    }
}

extension OutputSurvey {
    /// The two outputs that belong together as class scores and boxes, where `output` is one of them.
    func boxesAndScores(with output: Output) -> (scores: CandidateTable, boxes: CandidateTable)? {
        let tables = outputs.filter { !$0.isAuxiliary && !$0.holdsIndices && $0.isTable }
        // Of two tables of four columns the name tells, else a softmax; a few queries have their boxes behind a sigmoid, many anchors not.
        func rank(_ output: Output) -> Int {
            if output.isCalled(["box", "loc", "reg", "coord"]) { return 0 }
            if output.activation == "Softmax" || output.isCalled(["logit", "class", "cls", "score", "prob", "conf"]) {
                return 4
            }
            let candidates = output.longAxes.map { output.axes[$0] }.max() ?? 0
            let isQuery =
                candidates <= 1000
                && !GridSizes.fit(candidates, height: inputSize?.height ?? 0, width: inputSize?.width ?? 0)
            return output.activation == nil ? 2 : isQuery ? 1 : 3
        }
        let boxes = tables.filter { $0.fourAxis != nil }.enumerated().sorted {
            (rank($0.element), $0.offset) < (rank($1.element), $1.offset)
        }.map(\.element)
        guard let chosen = boxes.first, let four = chosen.fourAxis else { return nil }
        let candidateAxis = chosen.longAxes.first { $0 != four } ?? 0
        let table = CandidateTable(chosen, candidateAxis: candidateAxis, numberAxis: four)
        let scores = tables.first { $0.name != chosen.name && CandidateTable($0, candidates: table.candidates) != nil }
        guard let scores, [chosen.name, scores.name].contains(output.name),
            let classes = CandidateTable(scores, candidates: table.candidates)
        else { return nil }
        return (classes, table)
    }
}

extension OutputSurvey {
    /// Whether scores are class probabilities times an objectness.
    fileprivate func isProductOfProbabilities(_ output: Output) -> Bool {
        var current = output.value
        while let node = graph.producingNode(of: current), node.domain.isEmpty, let operand = node.input(0) {
            switch node.operation {
            case "Identity", "Cast", "Reshape", "Transpose", "Squeeze", "Unsqueeze": current = operand
            case "Mul":
                return node.operands.count == 2
                    && node.operands.allSatisfy { factor in
                        graph.traced([0], of: factor).first?.activation == "Sigmoid"
                    }
            default: return false
            }
        }
        return false
    }
}

extension OutputSurvey.Output {
    /// Whether it has a row of numbers for each of many candidates.
    fileprivate var isTable: Bool {
        let long = longAxes
        guard long.count == 2 || (long.count == 1 && axes.count <= 2) else { return false }
        return (long.map { axes[$0] }.max() ?? 1) >= 8
    }

    /// The axis of the four numbers of a box, the last one where there are two.
    fileprivate var fourAxis: Int? {
        longAxes.count == 2 ? longAxes.last { axes[$0] == 4 } : nil
    }
}
