package import Explanations

/// How much of the hottest pixels lies on the object, over all quantiles of heat (Zhang et al. 2021).
package struct EffectiveHeatRatio: Metric {
    package static let description = MeasureDescription(
        name: "effective-heat-ratio", family: .localisation,
        summary: "How much of the hottest pixels lies on the object, averaged over how many are taken.",
        formula:
            "area over q = 0, 0.1, ... 1 (trapezoids) of: sum of heat on the object where heat >= t / number of pixels with heat >= t; heat = map / maximum, below 0.1 none; t = min(quantile q of the heat, 0.99)",
        paper:
            "Zhang et al., Fine-Grained Neural Network Explanation by Identifying Input Features with Predictive Information, NeurIPS 2021",
        range: "0 to 1", better: .higher, needs: [.box],
        remarks:
            "As in the authors' code. The heat weighs, so that a flat map of the object is worth more than a peak on it.",
        parameters: [ObjectRegion.parameter.description])

    private let region: ObjectRegion

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        region = try parameters.value(ObjectRegion.parameter)
    }

    package var needs: Set<MeasureDescription.Need> { region.needs }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let plane = try EvidencePlane(of: subject, for: Self.description.name)
        let places = try region.places(in: plane, for: Self.description.name)
        guard plane.maximum > 0 else {
            throw EvaluationError.undefined(measure: Self.description.name, reason: "the map shows nothing")
        }
        let points = zip(places, plane.values)
            .filter { $0 != .undecided && $1 / plane.maximum >= 0.1 }
            .map { (heat: Double($1) / Double(plane.maximum), isInside: $0 == .inside) }.sorted { $0.heat > $1.heat }
        guard !points.isEmpty else {
            throw EvaluationError.undefined(
                measure: Self.description.name, reason: "the map is warm only where nobody decided")
        }
        // Heat on the object among the first n pixels.
        var sums = [0.0]
        for point in points { sums.append((sums.last ?? 0) + (point.isInside ? point.heat : 0)) }
        let ratios = (0...10).map { step in
            let limit = min(Self.quantile(Double(step) / 10, ofFalling: points.map(\.heat)), 0.99)
            let count = points.firstIndex { $0.heat < limit } ?? points.count
            return count > 0 ? sums[count] / Double(count) : 0
        }
        return Measurement(zip(ratios, ratios.dropFirst()).reduce(0) { $0 + ($1.0 + $1.1) / 2 } / 10)
    }

    /// Linear between neighbours.
    private static func quantile(_ share: Double, ofFalling values: [Double]) -> Double {
        let place = (1 - share) * Double(values.count - 1)
        let (low, high) = (Int(place.rounded(.down)), Int(place.rounded(.up)))
        return values[low] + (values[high] - values[low]) * (place - Double(low))
    }
}
