import Foundation

/// What was measured at one picture by one method: a line of `results.jsonl`.
public struct EvaluationRecord: Sendable, Hashable, Codable {
    /// The picture's file.
    public var image: String
    /// The method's label.
    public var method: String
    /// The tensor that the map was taken from; nil for maps over the input.
    public var layer: String?
    /// The explained class.
    public var index: Int
    /// Its name.
    public var name: String
    /// The true class as the data set calls it; nil where it is not known.
    public var label: String?
    /// How many classes the model ranks before the true one; nil where it is none of the model's.
    public var rank: Int?
    /// How sure the model is of the explained class; nil where it has no probabilities.
    public var probability: Double?
    /// The numbers by metric.
    public var values: [String: Double]
    /// Why there is no number, by metric.
    public var undefined: [String: String]

    enum CodingKeys: String, CodingKey {
        case image, method, layer, name, label, rank, probability, values, undefined
        case index = "class"
    }

    package init(
        image: String, method: String, layer: String?, index: Int, name: String, label: String?, rank: Int?,
        probability: Double?, values: [String: Double], undefined: [String: String]
    ) {
        self.image = image
        self.method = method
        self.layer = layer
        self.index = index
        self.name = name
        self.label = label
        self.rank = rank
        self.probability = probability
        self.values = values
        self.undefined = undefined
    }

    /// The line, without its end.
    func line() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}
