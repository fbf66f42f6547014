import Tensors

/// A class for every cell of a coarse map, of a classifier without its final pooling: the mean logit over all cells.
package struct FullyConvolutionalHead: Head {
    package let description: HeadDescription
    package let map: ClassMap

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> FullyConvolutionalHead? {
        guard let map = survey.pictureMap(output), map.classAxis != nil, let stride = survey.stride(of: map),
            stride > 16
        else { return nil }
        let size = map.placeAxes.map(String.init).joined(separator: "x")
        return FullyConvolutionalHead(
            description: HeadDescription(
                .fullyConvolutional, output: output.name, classCount: map.classCount,
                reason:
                    "'\(output.name)' holds \(map.classCount) class scores for each of \(size) cells, too coarse for a segmentation\(survey.choice(of: [output.name]))"
            ), map: map)
    }

    package var mapSize: (height: Int, width: Int)? { map.size }

    /// Classes by their mean score.
    package func findings(in outputs: OutputValues) throws -> [Finding] {
        let values = try outputs.value(map.output.name)
        let means = (0..<map.classCount).map { map.mean($0, values) }
        let probabilities = Probability.ofClasses(means.map { Float($0) }, activation: map.output.activation)
        return means.indices.map { Finding(index: $0, score: means[$0], probability: probabilities[$0]) }
            .sorted(by: Finding.precedes)
    }

    package func score(of finding: Finding, _ request: ScoreRequest, in outputs: OutputValues) -> HeadScore {
        let cells = request.mask.map { $0.elements.count { $0 == 1 } } ?? map.placeCount
        return map.score(
            of: finding.index, request, at: request.mask,
            words:
                "over \(request.mask == nil ? "all \(Grouped.text(cells))" : "the mask's \(Grouped.text(cells))") cells",
            head: description)
    }
}
