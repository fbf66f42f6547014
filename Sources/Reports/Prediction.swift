public import Imaging

/// One thing that a model says about a picture: a class, a box, an area, a value.
public struct Prediction: Sendable, Hashable, Codable {
    /// The class; the position of a value.
    public let index: Int
    /// The name, `class 285` where none is known.
    public let name: String
    /// The number that the model gives it: a logit where one is known, the value of a regression, the length of an embedding.
    public let score: Double
    /// How sure the model is, 0...1; nil where the model has no probabilities.
    public let probability: Double?
    /// Which part of the picture (or of the steps of a sequence) the class wins; nil where there are no places.
    public let area: Double?
    /// Where the object is, in the pixels of the photograph; nil where there is no box.
    public let box: PictureBox?
    /// The position among a detector's candidates, for `--box`.
    public let candidate: Int?

    private enum CodingKeys: String, CodingKey {
        case index, name, score, scoreProblem, probability, area, box, candidate
    }

    /// A prediction with these parts; a probability that is NaN is none.
    public init(
        index: Int, name: String, score: Double, probability: Double?, area: Double? = nil, box: PictureBox? = nil,
        candidate: Int? = nil
    ) {
        self.index = index
        self.name = name
        self.score = score
        self.probability = probability.flatMap { $0.isFinite ? $0 : nil }
        self.area = area
        self.box = box
        self.candidate = candidate
    }

    /// Reads a prediction; a score that is null is what `scoreProblem` says.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let problem = try container.decodeIfPresent(String.self, forKey: .scoreProblem)
        let missing: Double = problem == "infinity" ? .infinity : problem == "-infinity" ? -.infinity : .nan
        self.init(
            index: try container.decode(Int.self, forKey: .index),
            name: try container.decode(String.self, forKey: .name),
            score: try container.decodeIfPresent(Double.self, forKey: .score) ?? missing,
            probability: try container.decodeIfPresent(Double.self, forKey: .probability),
            area: try container.decodeIfPresent(Double.self, forKey: .area),
            box: try container.decodeIfPresent(PictureBox.self, forKey: .box),
            candidate: try container.decodeIfPresent(Int.self, forKey: .candidate))
    }

    /// Writes a prediction; a score that is not finite is null, with `scoreProblem`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        try container.encode(name, forKey: .name)
        try container.encode(FiniteNumber(wrappedValue: score), forKey: .score)
        try container.encodeIfPresent(FiniteNumber.problem(score), forKey: .scoreProblem)
        try container.encodeIfPresent(probability, forKey: .probability)
        try container.encodeIfPresent(area, forKey: .area)
        try container.encodeIfPresent(box, forKey: .box)
        try container.encodeIfPresent(candidate, forKey: .candidate)
    }
}
