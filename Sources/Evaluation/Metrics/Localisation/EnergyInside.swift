package import Explanations

/// The share of the map that lies on the object: the energy-based pointing game (Wang et al. 2020).
package struct EnergyInside: Metric {
    package static let description = MeasureDescription(
        name: "energy-inside", family: .localisation,
        summary: "The share of the map's positive values that lies on the object.",
        formula: "sum of max(map, 0) on the object / sum of max(map, 0)",
        paper:
            "Wang et al., Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks, CVPRW 2020",
        range: "0 to 1", better: .higher, needs: [.box],
        remarks:
            "A constant map reaches the object's share of the picture: compare with the trivial maps. Pixels that nobody decided about count on neither side.",
        parameters: [ObjectRegion.parameter.description])

    private let region: ObjectRegion

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        region = try parameters.value(ObjectRegion.parameter)
    }

    package var needs: Set<MeasureDescription.Need> { region.needs }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let plane = try EvidencePlane(of: subject, for: Self.description.name)
        let places = try region.places(in: plane, for: Self.description.name)
        var (inside, all) = (0.0, 0.0)
        for (place, value) in zip(places, plane.values) where place != .undecided {
            all += Double(value)
            if place == .inside { inside += Double(value) }
        }
        guard all > 0 else {
            throw EvaluationError.undefined(measure: Self.description.name, reason: "the map shows nothing")
        }
        return Measurement(inside / all)
    }
}
