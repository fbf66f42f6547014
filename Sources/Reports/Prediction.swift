import Foundation

/// One class with its score.
public struct Prediction: Sendable, Hashable, Codable {
    /// The position in the output.
    public let index: Int
    /// The name, `class 285` where none is known.
    public let name: String
    /// What the model puts out.
    public let score: Double
    /// The softmax over all classes; the logistic function where there is one score only.
    public let probability: Double

    /// Classes by falling score.
    package static func ranked(_ scores: [Float], names: [String]?) -> [Prediction] {
        let probabilities = softmax(scores)
        return scores.indices.map { index in
            let name = names.flatMap { index < $0.count ? $0[index] : nil } ?? "class \(index)"
            return Prediction(
                index: index, name: name, score: Double(scores[index]), probability: probabilities[index])
        }.sorted { ($0.score, $1.index) > ($1.score, $0.index) }
    }

    /// `exp(x_i - max) / Σ exp(x_j - max)`; of one score alone the logistic function.
    private static func softmax(_ scores: [Float]) -> [Double] {
        guard scores.count > 1, let top = scores.max() else { return scores.map { 1 / (1 + exp(-Double($0))) } }
        let exponentials = scores.map { exp(Double($0 - top)) }
        let total = exponentials.reduce(0, +)
        return exponentials.map { $0 / total }
    }
}
