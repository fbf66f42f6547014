import Graphs
import Tensors

extension OutputSurvey {
    /// Why outputs that look like one kind are known not to be it, while it is not known which of their numbers are class scores; nil
    /// where nothing speaks against what they look like.
    func undecided() -> ExplanationError? {
        if let maps = undecodedMaps() {
            let names = maps.map(\.name)
            let channels = maps[0].axes[isChannelsLast && maps[0].axes[2] == maps[1].axes[2] ? 2 : 0]
            let class0 = metadata.classNames.map { max(channels - $0.count, 0) } ?? channels - 1
            let index = isChannelsLast && maps[0].axes[2] == channels ? ":,:,\(class0)" : "\(class0)"
            return .unknownHead(
                reason:
                    "\(Self.quoted(names)) look like a detector's maps before they are decoded (\(channels) numbers a cell at several scales), and which of them are class scores the file does not tell",
                example: "mean(\(TargetText.name(names[0]))[\(index)])")
        }
        guard let rows = outputs.first(where: \.holdsIndices), picks == nil else { return nil }
        return .unknownHead(
            reason:
                "'\(rows.name)' holds the numbers of classes or ranks beside other numbers, and the scores that they were picked by are not found in front of it",
            example: lastProbabilities.map { "mean(\(TargetText.name(graph[$0].name)))" } ?? graph.exampleTarget)
    }

    /// Several maps of equally many numbers a cell, whose cells double from one to the next and are at least 8 pixels wide.
    private func undecodedMaps() -> [Output]? {
        guard let input = inputSize else { return nil }
        let maps = outputs.filter { !$0.isAuxiliary && $0.longAxes.count == 3 && pictureMap($0)?.classAxis != nil }
        guard maps.count >= 2, let first = maps.first.flatMap({ pictureMap($0) }), first.classCount >= 5,
            maps.allSatisfy({ pictureMap($0)?.classCount == first.classCount && $0.activation != "Softmax" })
        else { return nil }
        let strides = maps.compactMap { pictureMap($0)?.size }.map { input.height / max($0.height, 1) }.sorted()
        let doubles = zip(strides, strides.dropFirst()).allSatisfy { $1 == 2 * $0 }
        return strides[0] >= 8 && doubles && strides.count == maps.count ? maps : nil
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
