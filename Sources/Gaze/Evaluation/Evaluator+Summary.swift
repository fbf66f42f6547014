import Evaluation
public import Reports

extension Evaluator {
    /// The numbers of the data set with their 95 % bootstrap intervals over pictures.
    ///
    /// The same seed draws the same pictures for all methods.
    public func summary(of evaluation: EvaluationResult) -> EvaluationSummary {
        var rows: [EvaluationSummary.Row] = []
        for (position, metric) in metrics.enumerated() {
            for (method, planned) in methods.enumerated() {
                let found = evaluation.measurements[method][position]
                guard !found.isEmpty else { continue }
                let value = metric.metric.summary(of: found)
                guard value.isFinite else { continue }
                let interval = BootstrapInterval(of: found, by: metric.metric, seed: plan.seed)
                rows.append(
                    EvaluationSummary.Row(
                        metric: metric.label, method: planned.method.label, value: value, low: interval?.low,
                        high: interval?.high, count: found.count, better: metric.description.better.rawValue,
                        isReference: planned.method.isReference))
            }
        }
        return EvaluationSummary(rows: rows, times: times(of: evaluation))
    }

    /// The median time of one map, method by method.
    func times(of evaluation: EvaluationResult) -> [EvaluationSummary.Row] {
        zip(methods, evaluation.seconds).compactMap { planned, seconds in
            guard !seconds.isEmpty else { return nil }
            let interval = BootstrapInterval(of: seconds.count, seed: plan.seed) { positions in
                Self.median(positions.map { seconds[$0] })
            }
            return EvaluationSummary.Row(
                metric: EvaluationSummary.seconds, method: planned.method.label, value: Self.median(seconds),
                low: interval?.low, high: interval?.high, count: seconds.count, better: "lower",
                isReference: planned.method.isReference)
        }
    }

    /// The middle value: the first picture's time may hold the compilation.
    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
