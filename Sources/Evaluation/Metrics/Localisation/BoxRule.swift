import Explanations

/// How a map becomes boxes: the smallest boxes around the regions above a fraction of its maximum.
struct BoxRule {
    private static let fraction = MethodParameter.number(
        "fraction", 0.2, in: 0...0.999,
        "the share of the map's maximum that a pixel has to exceed; CAM 0.2, Grad-CAM 0.15")

    /// What a metric's catalogue entry says of it.
    static var parameters: [MethodDescription.Parameter] {
        [fraction.description, ComponentChoice.parameter.description]
    }

    private let fraction: Double
    private let choice: ComponentChoice

    init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        fraction = try parameters.value(Self.fraction)
        choice = try parameters.value(ComponentChoice.parameter)
    }

    /// The boxes of a map; none where it shows nothing.
    func boxes(of plane: EvidencePlane) -> [Box] {
        guard plane.maximum > 0 else { return [] }
        var boxes: [Box] = []
        let threshold = Float(fraction) * plane.maximum
        MapComponents.visit(plane.values, width: plane.width, height: plane.height, thresholds: [threshold]) {
            boxes = choice.boxes(of: $1)
        }
        return boxes
    }

    /// The best intersection over union of a box of the map with a box of the object; 0 where the map shows nothing.
    func overlap(of subject: EvaluationSubject, for metric: String) throws(EvaluationError) -> Double {
        let plane = try EvidencePlane(of: subject, for: metric)
        guard !plane.truth.boxes.isEmpty else {
            throw .undefined(measure: metric, reason: "there is no box around the object")
        }
        return Self.overlap(of: boxes(of: plane), with: plane.truth.boxes)
    }

    /// The best intersection over union of any pair.
    static func overlap(of boxes: [Box], with truth: [Box]) -> Double {
        var best = 0.0
        for box in boxes {
            for other in truth { best = max(best, box.overlap(with: other)) }
        }
        return best
    }
}

/// When a box counts as found.
enum OverlapLimit {
    static let parameter = MethodParameter.number(
        "iou", 0.5, in: 0.01...1, "the intersection over union from which a box counts as found")
}
