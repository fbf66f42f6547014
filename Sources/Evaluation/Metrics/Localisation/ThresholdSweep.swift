/// Hits of a map's boxes at a hundred thresholds of the map scaled to [0, 1].
enum ThresholdSweep {
    /// 0, 0.01, … 0.99; a pixel has to exceed them.
    static let thresholds: [Float] = (0..<100).map { Float($0) / 100 }

    /// One curve of hits (0 or 1) for each overlap, one after the other.
    static func hits(
        of subject: EvaluationSubject, overlaps: [Double], choice: ComponentChoice, for metric: String
    ) throws(EvaluationError) -> [Double] {
        let plane = try EvidencePlane(of: subject, for: metric)
        guard !plane.truth.boxes.isEmpty else {
            throw .undefined(measure: metric, reason: "there is no box around the object")
        }
        var best = [Double](repeating: 0, count: thresholds.count)
        MapComponents.visit(plane.normalised, width: plane.width, height: plane.height, thresholds: thresholds) {
            best[$0] = BoxRule.overlap(of: choice.boxes(of: $1), with: plane.truth.boxes)
        }
        return overlaps.flatMap { limit in best.map { $0 >= limit ? 1 : 0 } }
    }

    /// The best share of hits over the thresholds that are the same for all pictures, averaged over the overlaps.
    static func accuracy(of measurements: [Measurement]) -> Double {
        let size = thresholds.count
        guard let length = measurements.map(\.details.count).min(), length >= size else { return .nan }
        var sums = [Double](repeating: 0, count: length)
        for measurement in measurements {
            for place in 0..<length { sums[place] += measurement.details[place] }
        }
        let curves = length / size
        let best = (0..<curves).map { sums[$0 * size..<($0 + 1) * size].max() ?? 0 }
        return best.reduce(0, +) / Double(curves * measurements.count)
    }
}
