import Evaluation
import Explanations
import Foundation
import Graphs
public import Imaging

extension Explanation {
    /// The figure that explains itself: photograph, overlay with colour bar, class and score, method, layer and reason.
    public func figure(_ overlay: Overlay.Result, record: ExplanationRecord) -> Figure {
        var captions = ["Model: \(FileName.of(record.model)) · Method: \(method.name)"]
        if let layer { captions.append("Layer: \(layer.layer.name), \(layer.reason)") }
        captions.append("Score: \(statement)")
        if let check = record.check { captions.append("Check: \(check.verdict.rawValue), \(check.sentence).") }
        captions += notes.filter { $0 != overlay.diagnosis.description }.map { "Note: \($0)" }
        let certainty = prediction?.probability.map { String(format: "%.1f %%", $0 * 100) }
        return Figure.explanation(
            photo: picture, overlay: overlay, title: subject,
            subtitle: [certainty, String(format: "score %.4g", score)].compactMap { $0 }.joined(separator: " · "),
            detail: method.name, captions: captions)
    }
}
