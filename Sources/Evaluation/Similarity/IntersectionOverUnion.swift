package import Explanations
package import Tensors

/// Intersection over union of the places that two maps mark.
package struct IntersectionOverUnion: MapSimilarity {
    /// What the fraction is a fraction of.
    package enum Whole: String, Sendable, CaseIterable {
        /// The largest value: places above it are marked.
        case maximum
        /// The number of places: so many with the largest values are marked, and those equal to the last of them.
        case pixels
    }

    static let fraction = MethodParameter<Double>.number("fraction", 0.2, in: 0...0.999, "what is marked")
    static let whole = MethodParameter<Whole>.choice(
        "of", .maximum, "values above this fraction of the map's maximum, or this share of the pixels, the highest")

    package static let description = MeasureDescription(
        name: "iou", family: .similarity, summary: "Overlap of the places that two maps mark.",
        formula: "|A and B| / |A or B|, A = {a > fraction max a} or the top share of places",
        paper: "Jaccard, The Distribution of the Flora in the Alpine Zone, 1912", range: "0 to 1", better: .neither,
        remarks: """
            The fraction of the maximum lets one strong pixel shrink the marked region; a share of pixels marks as many in both \
            maps. Every number of the map is a place, channel by channel. A map without a positive value marks nothing of its \
            maximum, which is an error.
            """,
        parameters: [fraction.description, whole.description])

    private let fraction: Double
    private let whole: Whole

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        fraction = try parameters.value(Self.fraction)
        whole = try parameters.value(Self.whole)
    }

    package func value(_ first: Tensor<Float>, _ second: Tensor<Float>) throws(EvaluationError) -> Double {
        let pair = try MapPair(first, second, for: Self.description.name)
        guard let left = marked(pair.first.elements), let right = marked(pair.second.elements) else {
            throw pair.incomparable("a map without a positive value has no maximum to take a fraction of")
        }
        var (both, either) = (0, 0)
        for (a, b) in zip(left, right) {
            both += a && b ? 1 : 0
            either += a || b ? 1 : 0
        }
        return Double(both) / Double(either)
    }

    /// At least one place is marked; nil where the maximum is not positive.
    private func marked(_ values: [Float]) -> [Bool]? {
        switch whole {
        case .maximum:
            guard let maximum = values.max(), maximum > 0 else { return nil }
            let threshold = fraction * Double(maximum)
            return values.map { Double($0) > threshold }
        case .pixels:
            let count = min(max(Int((fraction * Double(values.count)).rounded()), 1), values.count)
            let threshold = values.sorted()[values.count - count]
            return values.map { $0 >= threshold }
        }
    }
}
