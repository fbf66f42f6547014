import Graphs
import Tensors

/// Boxes that the file picks itself (TopK, NonMaxSuppression), with a score and a class each: explained is the class score in front of that,
/// because a class's number has no derivative and a picked row comes from another candidate in every picture.
package struct PickedDetectorHead: CandidateHead {
    package let description: HeadDescription
    let parts: DetectorParts
    let inputSize: (height: Int, width: Int)

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> PickedDetectorHead? {
        guard let size = survey.inputSize, let found = survey.picks,
            found.outputs.contains(output.name) || output.value == found.scores.output.value
        else { return nil }
        let (classes, boxes) = (found.scores, found.boxes)
        let names = [classes.output.name] + (boxes.map { [$0.output.name] } ?? [])
        let form: DetectorParts.Form = classes.output.activation.map { .activated($0) } ?? .unknown
        let isGuess = classes.output.activation == nil
        return PickedDetectorHead(
            description: HeadDescription(
                .detector, output: names[0], outputs: names, classCount: classes.count,
                reason:
                    "\(OutputSurvey.quoted(found.outputs)) \(found.outputs.count == 1 ? "holds" : "hold") what \(found.operation) picks out of \(classes.candidates) candidates; explained are the class scores in front of that, '\(names[0])'",
                isGuess: isGuess,
                question: isGuess ? "are those class scores? else name others with --target" : nil),
            parts: DetectorParts(
                classes: classes, form: form, boxes: boxes, boxFormat: found.format,
                isRowFirst: found.isRowFirst, overlaps: found.operation != "TopK"),
            inputSize: size)
    }
}

/// Where a file picks candidates from.
struct CandidatePicks {
    /// What it puts out of them.
    let outputs: [String]
    /// What picks.
    let operation: String
    /// A score of every class of every candidate.
    let scores: CandidateTable
    /// Their boxes, where they were found.
    let boxes: CandidateTable?
    var format: BoxFormat?
    var isRowFirst = false
}

extension OutputSurvey {
    /// The picks that the outputs consist of; nil where the file does not pick, or from where is not found.
    func findPicks() -> CandidatePicks? {
        let names = graph.outputs.map(\.name)
        for output in graph.outputs {
            guard let node = graph.suppression(behind: output.value), let found = suppressed(node) else { continue }
            return CandidatePicks(
                outputs: names, operation: "NonMaxSuppression", scores: found.scores, boxes: found.boxes,
                format: node.integer("center_point_box") == 1 ? BoxFormat(isCorners: false, isRelative: false) : nil,
                isRowFirst: node.integer("center_point_box") != 1 && isChannelsLast)
        }
        let rows = outputs.filter(\.holdsIndices)
        for output in rows {
            if let found = rowPicks(output) {
                let isPicked = found.boxes?.output.value != output.value
                return CandidatePicks(
                    outputs: [output.name], operation: isPicked ? "TopK" : "ReduceMax", scores: found.scores,
                    boxes: found.boxes)
            }
        }
        return separatePicks()
    }

    /// The operands of a NonMaxSuppression: boxes `[B, N, 4]`, scores `[B, C, N]`.
    private func suppressed(_ node: Node) -> (scores: CandidateTable, boxes: CandidateTable?)? {
        guard let boxes = node.input(0), let scores = node.input(1) else { return nil }
        return tables(
            scores: graph.picked(scores) ?? scores,
            boxes: graph.picked(boxes) ?? boxes)
            ?? tables(scores: scores, boxes: boxes)
    }

    /// Rows `[K, 6]` of a box, a score and a class.
    private func rowPicks(_ output: Output) -> (scores: CandidateTable, boxes: CandidateTable?)? {
        guard let last = output.longAxes.last, output.axes[last] >= 5, output.axes[last] <= 64 else { return nil }
        let step = Shape(output.axes).strides[last]
        let ends = (0..<output.axes[last]).compactMap { column in
            graph.traced([column * step], of: output.value, to: []).first?.value
        }
        guard ends.count == output.axes[last] else { return nil }
        let sources = ends.map { graph.picked($0) }
        func candidates(_ table: CandidateTable) -> CandidateTable? {
            // Rows that nothing picked are the candidates themselves.
            let rows = output.longAxes.first { $0 != last }
            guard let rows, output.axes[rows] == table.candidates, !ends.contains(where: graph.isPlaced) else {
                return nil
            }
            return CandidateTable(output, candidateAxis: rows, numberAxis: last)[0..<4]
        }
        let boxes = sources.compactMap { $0 }.first { source in
            sources.count(where: { $0 == source }) >= 4 && graph.shape(of: source)?.dimensions.contains(4) == true
        }
        let scores = zip(ends, sources).first { end, source in
            source != nil && source != boxes && graph[end].type?.isFloatingPoint == true
        }?.1
        guard let found = scores.flatMap({ tables(scores: $0, boxes: boxes) }) else { return nil }
        return (found.scores, found.boxes ?? candidates(found.scores))
    }

    /// Boxes, scores and classes as an output each.
    private func separatePicks() -> CandidatePicks? {
        let floats = graph.outputs.filter { graph[$0.value].type?.isFloatingPoint == true }
        let integers = graph.outputs.filter { graph[$0.value].type?.isFloatingPoint == false }
        guard floats.count >= 2, !integers.isEmpty,
            let boxes = floats.first(where: {
                graph.shape(of: $0.value)?.dimensions.last == 4 && graph.picked($0.value) != nil
            })
        else { return nil }
        for output in floats where output.value != boxes.value {
            guard let scores = graph.picked(output.value),
                let found = tables(scores: scores, boxes: graph.picked(boxes.value))
            else { continue }
            return CandidatePicks(
                outputs: graph.outputs.map(\.name), operation: "TopK", scores: found.scores, boxes: found.boxes)
        }
        return nil
    }

    /// Scores and boxes of the same candidates; scores alone where boxes do not fit.
    private func tables(scores: ValueID, boxes: ValueID?) -> (scores: CandidateTable, boxes: CandidateTable?)? {
        guard let score = Self.inner(graph.unflattened(scores), graph, batch) else { return nil }
        let box = boxes.flatMap { Self.inner(graph.unflattened($0), graph, batch) }
        if let box, let four = box.longAxes.last(where: { box.axes[$0] == 4 }), box.longAxes.count == 2,
            let long = box.longAxes.first(where: { $0 != four }),
            let classes = CandidateTable(score, candidates: box.axes[long])
        {
            return (classes, CandidateTable(box, candidateAxis: long, numberAxis: four))
        }
        guard score.longAxes.count == 2, let long = score.longAxes.max(by: { score.axes[$0] < score.axes[$1] }),
            let other = score.longAxes.first(where: { $0 != long })
        else { return nil }
        return (CandidateTable(score, candidateAxis: long, numberAxis: other), nil)
    }

    /// What heads read besides outputs: the tables that the file picks from.
    var sources: [Output] {
        guard let picks else { return [] }
        return [picks.scores.output] + (picks.boxes.map { [$0.output] } ?? [])
    }
}
