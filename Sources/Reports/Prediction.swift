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

    /// A prediction with these parts.
    public init(
        index: Int, name: String, score: Double, probability: Double?, area: Double? = nil, box: PictureBox? = nil,
        candidate: Int? = nil
    ) {
        self.index = index
        self.name = name
        self.score = score
        self.probability = probability
        self.area = area
        self.box = box
        self.candidate = candidate
    }
}
