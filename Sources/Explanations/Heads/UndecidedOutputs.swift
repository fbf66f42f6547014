import Graphs
import Tensors

extension OutputSurvey {
    /// Why outputs that look like one kind are known not to be it, while it is not known which of their numbers are class scores; nil
    /// where nothing speaks against what they look like.
    func undecided() -> ExplanationError? {
        if let maps = undecodedMaps(), let scores = maps.first {
            let channels = scores.classCount
            let first = metadata.classNames.map { max(channels - $0.count, 0) } ?? channels - 1
            let open = Array(repeating: ":,", count: scores.classAxis ?? 0).joined()
            return .unknownHead(
                reason:
                    "\(Self.quoted(maps.map(\.output.name))) look like a detector's maps before they are decoded (the same numbers for the cells of several scales), and which of them are class scores the file does not tell",
                example: "mean(\(TargetText.name(scores.output.name))[\(open)\(first)])")
        }
        guard let rows = outputs.first(where: \.holdsIndices), picks == nil else { return nil }
        return .unknownHead(
            reason:
                "'\(rows.name)' holds the numbers of classes or ranks beside other numbers, and the scores that they were picked by are not found in front of it",
            example: lastProbabilities.map { "mean(\(TargetText.name(graph[$0].name)))" } ?? graph.exampleTarget)
    }

    /// Maps of several scales, whose cells double from one to the next and are at least 8 pixels wide, with the same channels each; those that
    /// may hold class scores first.
    private func undecodedMaps() -> [ClassMap]? {
        guard let input = inputSize else { return nil }
        let maps = outputs.filter { !$0.isAuxiliary && $0.decision == nil }.compactMap { pictureMap($0) }
        let scales = Dictionary(grouping: maps) { $0.size.map { input.height / max($0.height, 1) } ?? 0 }
        let strides = scales.keys.sorted()
        let channels = Set(scales.values.map { $0.map(\.classCount).sorted() })
        guard strides.count >= 2, channels.count == 1, strides[0] >= 8,
            zip(strides, strides.dropFirst()).allSatisfy({ $1 == 2 * $0 }),
            let most = channels.first?.last, most >= 5, maps.allSatisfy({ $0.output.activation != "Softmax" })
        else { return nil }
        let words = ["cls", "class", "conf", "score", "heat", "prob"]
        func rank(_ map: ClassMap) -> Int {
            map.output.isCalled(words) ? 0 : map.output.activation == "Sigmoid" ? 1 : map.classCount == most ? 2 : 3
        }
        return maps.enumerated().filter { $0.element.classAxis != nil }.sorted {
            (rank($0.element), $0.offset) < (rank($1.element), $1.offset)
        }.map(\.element)
    }

    /// Outputs of a few numbers for the same places, as a detector's sizes and offsets beside its class maps.
    func companions(of map: ClassMap) -> [Output] {
        outputs.filter { other in
            guard other.name != map.output.name, !other.isAuxiliary, other.activation != "Softmax",
                let beside = pictureMap(other), beside.size.map({ $0.height }) == map.size.map({ $0.height })
            else { return false }
            return (2...4).contains(beside.classCount) && beside.classCount != map.classCount
        }
    }

    /// The last probabilities that an output is computed from.
    private var lastProbabilities: ValueID? {
        let needed = graph.neededNodes(for: graph.outputs.map(\.value)).values
        return graph.nodes.reversed().lazy.compactMap { $0.output(0) }.first { value in
            needed[value.index] && graph.activation(endingIn: value) != nil
                && graph.shape(of: value).map { $0.count > 1 } == true
        }
    }
}
