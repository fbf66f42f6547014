import Foundation
import Gaze

/// What a model says about a picture, as lines for a person.
enum PredictionTable {
    static func text(_ predictions: [Prediction], head: HeadDescription) -> String {
        let rows = predictions.map { prediction in
            ["", number(prediction, head), prediction.name, remark(prediction, head)]
        }
        return Console.table(rows, right: [1])
    }

    /// The number that leads the line: a probability, an area, a value, a length.
    private static func number(_ prediction: Prediction, _ head: HeadDescription) -> String {
        switch head.kind {
        case .segmentation, .sequence: percent(prediction.area)
        case .regression, .embedding, .picture: number(prediction.score, digits: 5)
        default: percent(prediction.probability)
        }
    }

    private static func remark(_ prediction: Prediction, _ head: HeadDescription) -> String {
        let score = number(prediction.score)
        switch head.kind {
        case .segmentation, .sequence:
            let places = head.kind == .segmentation ? "of the picture" : "of the steps"
            return "\(places) (class \(prediction.index), mean probability there \(percent(prediction.probability)))"
        case .regression: return "(element \(prediction.index) of '\(head.output)')"
        case .embedding: return "length of '\(head.output)'"
        case .picture: return "mean of '\(head.output)'"
        case .detector:
            let place = prediction.box.map { box in
                [box.left, box.top, box.right, box.bottom].map { String(format: "%.0f", $0) }.joined(separator: ",")
            }
            return
                "\(place.map { "at \($0)" } ?? "without a place") (class \(prediction.index), candidate \(prediction.candidate ?? 0))"
        default: return "(class \(prediction.index), score \(score))"
        }
    }

    /// A number for a person; `NaN`, `infinity` or `-infinity` in words.
    static func number(_ value: Double, digits: Int = 4) -> String {
        FiniteNumber.problem(value) ?? String(format: "%.\(digits)g", value)
    }

    private static func percent(_ fraction: Double?) -> String {
        fraction.map { String(format: "%.1f %%", $0 * 100) } ?? "none"
    }
}
