import Foundation

/// One thing that a head says about a sample.
package struct Finding: Sendable, Hashable {
    /// The class; the element of a regression; 0 for an embedding.
    package var index: Int
    /// The number that the model gives it: a logit where one is known.
    package var score: Double
    /// How sure the model is, 0...1; nil where the head has no probabilities.
    package var probability: Double?
    /// At how many places of the map it wins.
    package var places: Int?
    /// Which part of all places that is.
    package var area: Double?
    /// Where it is, in the pixels of the input.
    package var box: InputBox?
    /// Its position among a detector's candidates.
    package var candidate: Int?

    package init(
        index: Int, score: Double, probability: Double? = nil, places: Int? = nil, area: Double? = nil,
        box: InputBox? = nil, candidate: Int? = nil
    ) {
        self.index = index
        self.score = score
        self.probability = probability
        self.places = places
        self.area = area
        self.box = box
        self.candidate = candidate
    }
}

/// From the numbers that a model puts out to probabilities.
package enum Probability {
    /// `exp(x_i - max) / Σ exp(x_j - max)`
    package static func softmax(_ scores: [Float]) -> [Double] {
        guard let top = scores.max() else { return [] }
        let exponentials = scores.map { exp(Double($0 - top)) }
        let total = exponentials.reduce(0, +)
        return exponentials.map { $0 / total }
    }

    /// `1 / (1 + exp(-x))`
    package static func sigmoid(_ score: Float) -> Double { 1 / (1 + exp(-Double(score))) }

    /// The probabilities of the classes, by the activation that the scores have passed; without one, softmax unless they sum to 1.
    package static func ofClasses(_ scores: [Float], activation: String?) -> [Double] {
        switch activation {
        case "Softmax", "Sigmoid": scores.map { Double($0) }
        case "LogSoftmax": scores.map { exp(Double($0)) }
        default: isDistribution(scores) ? scores.map { Double($0) } : softmax(scores)
        }
    }

    /// Whether numbers lie between 0 and 1 and sum to 1, so that they are probabilities whatever made them.
    static func isDistribution(_ scores: [Float]) -> Bool {
        guard scores.count > 1, scores.allSatisfy({ (0...1).contains($0) }) else { return false }
        return abs(scores.reduce(0.0) { $0 + Double($1) } - 1) < 1e-3
    }
}
