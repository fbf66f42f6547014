import Explanations

/// The area under precision and recall of the mask's pixels, over all thresholds (Choe et al. 2020).
package struct PixelAveragePrecision: Metric, ParameterFree {
    package static let description = MeasureDescription(
        name: "pxap", family: .localisation,
        summary: "Average precision of the map as a classifier of the mask's pixels, all pictures pooled.",
        formula:
            "sum over t of precision(t) (recall(t) - recall(t + 0.01)), pixels with map >= t, map from its minimum to its maximum on [0, 1], t = 0.99, ... 0.01, 0",
        paper: "Choe et al., Evaluating Weakly Supervised Object Localization Methods Right, CVPR 2020",
        range: "0 to 1", better: .higher, needs: [.mask],
        remarks:
            "A constant map reaches the share of object pixels: compare with the trivial maps. Pixels that nobody decided about do not count. The paper's code has 1000 thresholds, here are 100."
    )

    private static let bins = 100

    package init() {}

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let name = Self.description.name
        let plane = try EvidencePlane(of: subject, for: name)
        let places = try ObjectRegion.mask.places(in: plane, for: name)
        var histogram = [Double](repeating: 0, count: 2 * Self.bins)
        for (place, value) in zip(places, plane.normalised) where place != .undecided {
            let bin = min(Int(value * Float(Self.bins)), Self.bins - 1)
            histogram[place == .inside ? bin : Self.bins + bin] += 1
        }
        guard histogram[..<Self.bins].contains(where: { $0 > 0 }) else {
            throw EvaluationError.undefined(measure: name, reason: "the mask has no pixel of the object")
        }
        return Measurement(Self.precision(histogram), details: histogram)
    }

    package func summary(of measurements: [Measurement]) -> Double {
        var sums = [Double](repeating: 0, count: 2 * Self.bins)
        for measurement in measurements {
            for (bin, count) in measurement.details.prefix(sums.count).enumerated() { sums[bin] += count }
        }
        return Self.precision(sums)
    }

    /// The average precision of counts of object pixels and of others by score.
    private static func precision(_ histogram: [Double]) -> Double {
        let object = histogram[..<bins].reduce(0, +)
        guard object > 0 else { return .nan }
        var (inside, all, area) = (0.0, 0.0, 0.0)
        for bin in (0..<bins).reversed() where histogram[bin] + histogram[bins + bin] > 0 {
            inside += histogram[bin]
            all += histogram[bin] + histogram[bins + bin]
            area += inside / all * histogram[bin] / object
        }
        return area
    }
}
