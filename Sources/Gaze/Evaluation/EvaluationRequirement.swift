import Foundation
public import Reports

/// What a summary has to reach, `[METHOD:]METRIC=VALUE`: no method may be worse than the value.
public struct EvaluationRequirement: Sendable, Hashable {
    /// The text that it was read from.
    public let text: String
    /// The method; nil means every one that is no reference.
    public let method: String?
    /// The metric's label.
    public let metric: String
    /// The worst value that is accepted.
    public let value: Double

    /// Reads a requirement on some methods and metrics; nil where it is on none of them, or the value is no number.
    public init?(_ text: String, methods: [String], metrics: [String]) {
        guard let sign = text.lastIndex(of: "="), let value = Double(text[text.index(after: sign)...]), value.isFinite
        else { return nil }
        let subject = String(text[..<sign])
        self.text = text
        self.value = value
        if metrics.contains(subject) {
            (method, metric) = (nil, subject)
            return
        }
        let pairs = subject.indices.filter { subject[$0] == ":" }.map { colon in
            (String(subject[..<colon]), String(subject[subject.index(after: colon)...]))
        }
        guard let pair = pairs.first(where: { methods.contains($0.0) && metrics.contains($0.1) }) else { return nil }
        (method, metric) = pair
    }

    /// What does not reach it, one sentence a method; a number that is missing does not.
    ///
    /// - Parameter methods: Labels of the methods that have to have a number.
    public func violations(of summary: EvaluationSummary, methods: [String] = []) -> [String] {
        let rows = summary.all.filter { $0.metric == metric && (method == nil ? !$0.isReference : $0.method == method) }
        guard !rows.isEmpty else { return ["\(text): nothing was measured"] }
        let missing = methods.filter { label in
            (method == nil || method == label) && !rows.contains { $0.method == label }
        }.map { "\(metric) of \($0) has no number" }
        return missing + worse(rows)
    }

    private func worse(_ rows: [EvaluationSummary.Row]) -> [String] {
        rows.filter { row in row.better == "lower" ? row.value > value : row.value < value }.map { row in
            let number = String(format: "%.6g", row.value)
            let limit = String(format: "%.6g", value)
            return row.better == "lower"
                ? "\(row.metric) of \(row.method) is \(number), above \(limit) (lower is better)"
                : "\(row.metric) of \(row.method) is \(number), below \(limit)"
        }
    }
}
