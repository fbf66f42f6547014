import Tensors

/// A class for every pixel: the mean logit of a class where it wins, or where a mask is 1 (as Seg-Grad-CAM sums over a region;
/// Vinogradova, Dibrov, Myers 2020).
package struct SegmentationHead: Head {
    package let description: HeadDescription
    package let map: ClassMap

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> SegmentationHead? {
        guard let map = survey.pictureMap(output), let stride = survey.stride(of: map), stride <= 16 else { return nil }
        let size = map.placeAxes.map(String.init).joined(separator: "x")
        let count = map.classAxis == nil ? 2 : map.classCount
        let isOne = map.classAxis == nil && output.decision == nil
        let isNamed = output.isCalled(["mask", "seg", "class", "prob", "logit", "label", "salien"])
        let isOpen = isOne && !isNamed && survey.metadata.task != .semanticSegmentation
        let beside = survey.companions(of: map)
        let isGuess = isOpen || (isOne && output.activation == nil) || !beside.isEmpty
        let question: String? =
            if isOpen {
                "if it is a picture (depth, a reconstruction), explain it with \(TargetText.option("mean(\(TargetText.name(output.name)))"))"
            } else if !beside.isEmpty {
                "is it a detector, with sizes and offsets in \(OutputSurvey.quoted(beside.map(\.name)))? then explain one place with \(TargetText.option(map.examplePlace))"
            } else { nil }
        return SegmentationHead(
            description: HeadDescription(
                .segmentation, output: output.name, classCount: count,
                reason:
                    "'\(output.name)' holds \(map.classAxis == nil ? "one number, yes or no," : "\(count) class scores") for each of \(size) places of the picture\(isOne && output.activation == nil ? ", taken as a logit" : "")\(survey.choice(of: [output.name]))",
                isGuess: isGuess, question: question),
            map: map)
    }

    package var mapSize: (height: Int, width: Int)? { map.size }

    package func findings(in outputs: OutputValues) throws -> [Finding] { try map.findings(in: outputs) }

    package func finding(_ choice: FindingChoice, in outputs: OutputValues) throws -> Finding {
        guard let index = choice.index else { return try ranked(in: outputs)[0] }
        return try map.finding(index, in: outputs)
    }

    package func score(of finding: Finding, _ request: ScoreRequest, in outputs: OutputValues) throws -> HeadScore {
        if let mask = request.mask {
            let count = mask.elements.count { $0 == 1 }
            return map.score(
                of: finding.index, request, at: mask, words: "over the \(Grouped.text(count)) pixels of the mask",
                head: description)
        }
        guard let wins = try map.wins(of: finding.index, in: outputs) else {
            return map.score(
                of: finding.index, request, at: nil, words: "over all pixels, because it wins at none",
                head: description)
        }
        return map.score(
            of: finding.index, request, at: wins.map,
            words: "over the \(Grouped.text(wins.count)) pixel\(wins.count == 1 ? "" : "s") where it wins",
            head: description)
    }
}

extension ClassMap {
    /// The first class at the first place, as a target.
    fileprivate var examplePlace: String {
        "\(TargetText.name(output.name))[\(output.axes.map { _ in "0" }.joined(separator: ","))]"
    }

    /// Height and width.
    var size: (height: Int, width: Int)? {
        let all = output.axes.indices.filter { $0 != classAxis }.map { output.axes[$0] }
        let lengths = all.count == 2 ? all : all.filter { $0 > 1 }
        return lengths.count == 2 ? (lengths[0], lengths[1]) : nil
    }
}

extension OutputSurvey {
    /// An output `[C, h, w]`, `[h, w, C]` or `[h, w]` whose places tile the picture; nil where it is none.
    func pictureMap(_ output: Output) -> ClassMap? {
        guard let input = inputSize else { return nil }
        /// Whether two lengths have the picture's proportions, within the rounding of strides.
        func tiles(_ height: Int, _ width: Int) -> Bool {
            guard height * width > 1, height <= input.height, width <= input.width else { return false }
            return abs(height * input.width - width * input.height) <= max(input.height, input.width)
        }
        let axes = output.axes
        switch axes.count {
        case 2 where axes[0] == input.height && axes[1] == input.width:
            return ClassMap(output: output, classAxis: nil)
        case 3:
            let first = tiles(axes[1], axes[2])
            let last = tiles(axes[0], axes[1])
            guard first || last else { return nil }
            let classAxis = first && (!last || !isChannelsLast) ? 0 : 2
            return ClassMap(output: output, classAxis: axes[classAxis] > 1 ? classAxis : nil)
        default: return nil
        }
    }

    /// Input pixels from one place to the next.
    func stride(of map: ClassMap) -> Int? {
        guard let input = inputSize, let size = map.size else { return nil }
        return max(input.height / max(size.height, 1), input.width / max(size.width, 1))
    }
}
