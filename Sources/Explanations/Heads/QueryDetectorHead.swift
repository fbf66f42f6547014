import Graphs
import Tensors

/// Class scores `[Q, C + 1]` and boxes `[Q, 4]` of a fixed number of queries, as DETR has them: boxes are centres and sizes behind a
/// sigmoid, and the last class says that a query found nothing (Carion et al. 2020), unless each class has a sigmoid of its own
/// (Deformable DETR, Zhu et al. 2021).
package struct QueryDetectorHead: CandidateHead {
    package let description: HeadDescription
    let parts: DetectorParts
    let inputSize: (height: Int, width: Int)

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> QueryDetectorHead? {
        guard let size = survey.inputSize, let (scores, boxes) = survey.boxesAndScores(with: output),
            survey.comesFromSigmoidBoxes(boxes.output)
        else { return nil }
        let known = NoObject(in: scores, survey)
        let activation = scores.output.activation
        let form: DetectorParts.Form =
            if let activation { .activated(activation) } else { known.isThere ? .exclusive : .independent }
        let count = known.isThere ? scores.count - 1 : scores.count
        let names = [scores.output.name, boxes.output.name]
        let last =
            known.isThere ? "the last of \(scores.count) columns means no object" : "every column is a class"
        return QueryDetectorHead(
            description: HeadDescription(
                .detector, output: names[0], outputs: names, classCount: count,
                reason:
                    "'\(names[0])' holds class scores and '\(names[1])' a box behind a sigmoid for each of \(boxes.candidates) queries; \(last) (\(known.reason))\(survey.choice(of: names))",
                isGuess: known.isGuess,
                question: known.isGuess
                    ? "is it so? --labels with the names of all classes settles it" : nil),
            parts: DetectorParts(
                classes: scores, form: form, boxes: boxes,
                boxFormat: boxes.output.activation == "Sigmoid"
                    ? BoxFormat(isCorners: false, isRelative: true) : nil,
                emptyClass: known.isThere ? scores.count - 1 : nil, overlaps: false),
            inputSize: size)
    }
}

/// Whether the last column of class scores means that there is no object.
private struct NoObject {
    let isThere: Bool
    let reason: String
    var isGuess = false

    init(in scores: CandidateTable, _ survey: OutputSurvey) {
        let (count, activation) = (scores.count, scores.output.activation)
        if count < 2 || activation == "Sigmoid" {
            (isThere, reason) = (false, count < 2 ? "there is one column" : "each class has its own sigmoid")
        } else if survey.labelCount == count || survey.labelCount == count - 1 {
            isThere = survey.labelCount == count - 1
            reason = "there are names for \(survey.labelCount ?? 0)"
        } else if activation != nil {
            (isThere, reason) = (true, "they pass one softmax")
        } else if let bias = survey.graph.lastBias(of: scores.output.value, count: count) {
            // Focal losses start each class at a probability of 1 %, and few rise above one half.
            isThere = !(bias.allSatisfy { $0 < -2 })
            reason =
                isThere
                ? "DETR's form without an activation" : "every class starts far below one half, as with sigmoids"
            isGuess = true
        } else {
            (isThere, reason) = (true, "DETR's form without an activation")
            isGuess = true
        }
    }
}

extension OutputSurvey {
    /// Whether boxes are, or are computed from, a sigmoid of four numbers a query.
    fileprivate func comesFromSigmoidBoxes(_ output: Output) -> Bool {
        if output.activation == "Sigmoid" { return true }
        let candidates = output.longAxes.map { output.axes[$0] }.first { $0 != 4 } ?? 0
        var open = [output.value]
        for _ in 0..<24 {
            guard let value = open.popLast() else { return false }
            if let known = graph.activation(endingIn: value), known.name == "Sigmoid",
                let shape = graph.shape(of: value), shape.dimensions.last == 4, shape.count == 4 * batch * candidates
            {
                return true
            }
            let passed: Set<String> = [
                "Concat", "Split", "Slice", "Gather", "Unsqueeze", "Squeeze", "Add", "Sub", "Mul", "Div", "Clip",
                "Identity", "Reshape", "Transpose",
            ]
            guard let node = graph.producingNode(of: value), node.domain.isEmpty, passed.contains(node.operation)
            else { continue }
            open += Set(node.operands).filter { graph[$0].constant == nil }.sorted()
        }
        return false
    }
}

extension Graph {
    /// The bias of the linear function that a value is the result of.
    fileprivate func lastBias(of value: ValueID, count: Int) -> [Float]? {
        var current = value
        while let node = producingNode(of: current), node.domain.isEmpty, let operand = node.input(0) {
            let vectors = node.operands.compactMap { self[$0].constant }.filter { $0.shape.count == count }
            switch node.operation {
            case "Add", "Gemm":
                return vectors.first { $0.shape.dimensions.last == count }?.floatTensor.elements
            case "Identity", "Reshape", "Cast", "Squeeze", "Unsqueeze": current = operand
            default: return nil
            }
        }
        return nil
    }
}
