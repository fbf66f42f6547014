public import Evaluation
import Foundation

/// Advice as lines and columns of text: a line a method, the recommended one first.
public enum AdviceTable {
    /// The first line is the heading; `=` behind a number says that nobody of the same verdict is better, as far as intervals tell.
    public static func cells(_ advice: EvaluationAdvice) -> [[String]] {
        let localisation = advice.localisationMetric
        let heading =
            ["rank", "method", "sanity", "insertion - deletion"] + (localisation.map { [$0] } ?? []) + ["seconds"]
        return [heading]
            + advice.ranking.map { entry in
                ["\(entry.rank)", entry.method, entry.verdict?.rawValue ?? "-"]
                    + [text(entry.faithfulness) + (entry.isUnbeaten ? " =" : "  ")]
                    + (localisation == nil ? [] : [text(entry.localisation)])
                    + [entry.seconds.map { EvaluationSummary.text($0) } ?? "-"]
            }
    }

    private static func text(_ mean: MeasuredMean?) -> String {
        guard let mean else { return "-" }
        let value = EvaluationSummary.text(mean.value)
        guard let low = mean.low, let high = mean.high else { return value }
        return "\(value) (\(EvaluationSummary.text(low)) to \(EvaluationSummary.text(high)))"
    }
}
