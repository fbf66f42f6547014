package import Explanations

/// Whether the map's maximum lies on the object (Zhang et al. 2016).
package struct PointingGame: Metric {
    package static let description = MeasureDescription(
        name: "pointing-game", family: .localisation,
        summary: "How often the map's largest value lies on the object, or at most 15 pixels beside it.",
        formula:
            "[ distance of the map's maximum from the object's nearest pixel <= tolerance ], in pixels of the photograph",
        paper: "Zhang et al., Top-down Neural Attention by Excitation Backprop, ECCV 2016",
        range: "0 or 1", better: .higher, needs: [.box],
        remarks:
            "Asks for one pixel only. Of equal maxima the one next to their centre of gravity points, so that a map that shows nothing but a constant points at the middle; a map that shows nothing misses. average=classes is the mean over classes of TorchRay.",
        parameters: [
            tolerance.description, ObjectRegion.parameter.description, average.description,
        ])

    /// What a summary averages over.
    enum Average: String, CaseIterable, Sendable {
        case pictures
        case classes
    }

    private static let tolerance = MethodParameter.number(
        "tolerance", 15, in: 0...10000, "how many pixels the maximum may lie beside the object")
    private static let average = MethodParameter.choice(
        "average", Average.pictures, "what the summary averages over: pictures, or classes and then their pictures")

    private let tolerance: Double
    private let region: ObjectRegion
    private let average: Average

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        tolerance = try parameters.value(Self.tolerance)
        region = try parameters.value(ObjectRegion.parameter)
        average = try parameters.value(Self.average)
    }

    package var needs: Set<MeasureDescription.Need> { region.needs }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let plane = try EvidencePlane(of: subject, for: Self.description.name)
        let places = try region.places(in: plane, for: Self.description.name)
        let mark = [Self.mark(of: plane.truth.label ?? "")]
        guard let point = Self.point(of: plane) else { return Measurement(0, details: mark) }
        return Measurement(isNear(point, places, plane) ? 1 : 0, details: mark)
    }

    package func summary(of measurements: [Measurement]) -> Double {
        let groups: [[Measurement]] =
            average == .pictures
            ? [measurements] : Array(Dictionary(grouping: measurements) { $0.details.first ?? 0 }.values)
        // Sorted, so that the sum is the same in every run.
        let means = groups.map { $0.reduce(0) { $0 + $1.value } / Double(max($0.count, 1)) }.sorted()
        return means.reduce(0, +) / Double(max(means.count, 1))
    }

    /// The pixel of the largest value; nil where the map shows nothing.
    static func point(of plane: EvidencePlane) -> (row: Int, column: Int)? {
        guard plane.maximum > 0 else { return nil }
        let tops = plane.values.indices.filter { plane.values[$0] == plane.maximum }
            .map { (row: $0 / plane.width, column: $0 % plane.width) }
        let row = tops.reduce(0.0) { $0 + Double($1.row) } / Double(tops.count)
        let column = tops.reduce(0.0) { $0 + Double($1.column) } / Double(tops.count)
        func distance(_ top: (row: Int, column: Int)) -> Double {
            let (down, across) = (Double(top.row) - row, Double(top.column) - column)
            return down * down + across * across
        }
        return tops.min { distance($0) < distance($1) }
    }

    /// Whether a pixel of the object lies within the tolerance.
    private func isNear(_ point: (row: Int, column: Int), _ places: [ObjectRegion.Place], _ plane: EvidencePlane)
        -> Bool
    {
        let tolerance = tolerance * plane.truth.scale
        let reach = Int(tolerance)
        for row in max(point.row - reach, 0)...min(point.row + reach, plane.height - 1) {
            for column in max(point.column - reach, 0)...min(point.column + reach, plane.width - 1)
            where places[row * plane.width + column] == .inside {
                let (down, across) = (Double(row - point.row), Double(column - point.column))
                if (down * down + across * across).squareRoot() <= tolerance { return true }
            }
        }
        return false
    }

    /// A class as a number that survives in details: FNV-1a, cut to the bits that a Double keeps.
    private static func mark(of label: String) -> Double {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Double(hash >> 12)
    }
}
