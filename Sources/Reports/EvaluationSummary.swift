public import Evaluation
import Foundation

/// What methods reach over a data set: a number with its interval for every metric and method.
public struct EvaluationSummary: Sendable, Hashable {
    /// One metric of one method.
    public struct Row: Sendable, Hashable, Encodable {
        /// The metric's label.
        public let metric: String
        /// The method's label.
        public let method: String
        /// The metric's number of the whole data set.
        public let value: Double
        /// The lower end of the 95 % bootstrap interval; nil where too few pictures count.
        public let low: Double?
        /// The upper end.
        public let high: Double?
        /// How many pictures count.
        public let count: Int
        /// Which way is better: `higher`, `lower` or `neither`.
        public let better: String
        /// Whether the method only gives the others' numbers a meaning.
        public let isReference: Bool

        enum CodingKeys: String, CodingKey {
            case metric, method, value, low, high, count, better
            case isReference = "reference"
        }

        package init(
            metric: String, method: String, value: Double, low: Double?, high: Double?, count: Int, better: String,
            isReference: Bool
        ) {
            self.metric = metric
            self.method = method
            self.value = value
            self.low = low
            self.high = high
            self.count = count
            self.better = better
            self.isReference = isReference
        }

        /// Every key in every row.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(metric, forKey: .metric)
            try container.encode(method, forKey: .method)
            try container.encode(value, forKey: .value)
            try container.encode(low, forKey: .low)
            try container.encode(high, forKey: .high)
            try container.encode(count, forKey: .count)
            try container.encode(better, forKey: .better)
            try container.encode(isReference, forKey: .isReference)
        }
    }

    /// The metric that stands for the time of one map.
    public static let seconds = "seconds"

    /// Metrics in the plan's order, methods in the plan's order within.
    public let rows: [Row]
    /// Seconds a map by method: the median of the pictures that were timed. They differ from run to run.
    public let times: [Row]

    package init(rows: [Row], times: [Row]) {
        self.rows = rows
        self.times = times
    }

    /// Advice in rows: the faithfulness that it ranks by, and the rank, method by method.
    public static func rows(of advice: EvaluationAdvice) -> [Row] {
        let numbers = advice.ranking.compactMap { entry in
            entry.faithfulness.map { found in
                Row(
                    metric: "insertion-minus-deletion", method: entry.method, value: found.value, low: found.low,
                    high: found.high, count: found.count, better: "higher", isReference: false)
            }
        }
        let ranks = advice.ranking.map { entry in
            Row(
                metric: "advice-rank", method: entry.method, value: Double(entry.rank), low: nil, high: nil,
                count: entry.faithfulness?.count ?? 0, better: "lower", isReference: false)
        }
        return numbers + ranks
    }

    /// All rows, for programs.
    public var all: [Row] { rows + times }

    /// Lines and columns of text: a line a method, a column a metric, references below; the first line is the heading.
    ///
    /// - Parameter interval: Writes the ends of an interval behind a value.
    public func cells(interval: (Row) -> String) -> [[String]] {
        var metrics: [String] = []
        var methods: [String] = []
        for row in rows + times {
            if !metrics.contains(row.metric) { metrics.append(row.metric) }
            if !methods.contains(row.method) { methods.append(row.method) }
        }
        let references = Set((rows + times).filter(\.isReference).map(\.method))
        let order = methods.filter { !references.contains($0) } + methods.filter { references.contains($0) }
        let table = Dictionary(
            (rows + times).map { ([$0.metric, $0.method], $0) }, uniquingKeysWith: { first, _ in first })
        let heading = metrics.map { metric in
            let better = (rows + times).first { $0.metric == metric }?.better
            return metric + (better == "lower" ? " ↓" : better == "higher" ? " ↑" : "")
        }
        return [["method"] + heading]
            + order.map { method in
                [references.contains(method) ? "(\(method))" : method]
                    + metrics.map { metric in
                        table[[metric, method]].map { Self.text($0.value) + interval($0) } ?? "-"
                    }
            }
    }

    /// `0.631 ±0.052`: half of the interval behind the value.
    public static func halfWidth(_ row: Row) -> String {
        guard row.metric != seconds, let low = row.low, let high = row.high else { return "" }
        return " ±\(text((high - low) / 2))"
    }

    /// Three digits behind the point for small numbers, fewer for large ones.
    package static func text(_ value: Double) -> String {
        String(format: abs(value) < 10 ? "%.3f" : abs(value) < 1000 ? "%.1f" : "%.4g", value)
    }
}
