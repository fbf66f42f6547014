package import Explanations
package import Tensors

/// A map of one picture, with everything that can be measured about it.
package struct EvaluationSubject: Sendable {
    /// The picture, and the model to be asked about changed copies of it; its score is the one that the map explains.
    package let experiment: Experiment
    /// The same with the class's probability for a score; nil for models that have none.
    package let probability: Experiment?
    /// The method that made the map.
    package let method: MethodSpecification
    /// What of the map a picture shows.
    package let display: MethodDescription.Display
    /// The method's raw result without the batch axis.
    package let raw: Tensor<Float>
    /// One number a pixel of the model's input, `[H, W]`: signed, but for methods that show magnitudes.
    package let map: Tensor<Float>
    /// What the annotation says; nil for pictures without one.
    package let truth: GroundTruth?
    /// The maps of other methods of the same picture and score, as `map`.
    package let others: [(method: MethodSpecification, map: Tensor<Float>)]
    /// Seeds whatever is drawn at random, so that a picture gives the same number again.
    package let seed: UInt64

    package init(
        experiment: Experiment, probability: Experiment?, method: MethodSpecification,
        display: MethodDescription.Display, raw: Tensor<Float>, map: Tensor<Float>, truth: GroundTruth? = nil,
        others: [(method: MethodSpecification, map: Tensor<Float>)] = [], seed: UInt64 = 0
    ) {
        self.experiment = experiment
        self.probability = probability
        self.method = method
        self.display = display
        self.raw = raw
        self.map = map
        self.truth = truth
        self.others = others
        self.seed = seed
    }

    /// What speaks for the score, never negative, `[H, W]`: what a picture of the map shows.
    package var evidence: Tensor<Float> { display.evidence(in: map) }
}

/// What is known about a picture, in the pixels of the annotated picture.
package struct GroundTruth: Sendable {
    /// The map over the annotated picture, `[height, width]`; NaN where the model saw nothing.
    package let map: Tensor<Float>
    /// Boxes around objects of the true class.
    package let boxes: [Box]
    /// `[height, width]`: 1 on the object, 0 beside it, NaN where nobody decided.
    package let mask: Tensor<Float>?
    /// How many classes the model ranks before the true one; nil where it is not known or not a class.
    package let rank: Int?
    /// The true class, to average over classes.
    package let label: String?
    /// Pixels of the annotated picture a pixel of the photograph: below 1 where a large one was reduced.
    package let scale: Double

    package init(
        map: Tensor<Float>, boxes: [Box], mask: Tensor<Float>? = nil, rank: Int? = nil, label: String? = nil,
        scale: Double = 1
    ) {
        self.map = map
        self.boxes = boxes
        self.mask = mask
        self.rank = rank
        self.label = label
        self.scale = scale
    }
}

/// A rectangle in pixels, measured from the outer edge of the first pixel.
package struct Box: Sendable, Hashable, Codable {
    package var left: Double
    package var top: Double
    package var right: Double
    package var bottom: Double

    package init(left: Double, top: Double, right: Double, bottom: Double) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    /// The area, 0 where the box is empty.
    package var area: Double { max(right - left, 0) * max(bottom - top, 0) }

    /// Intersection over union: 1 for equal boxes, 0 for boxes that do not touch.
    package func overlap(with other: Box) -> Double {
        let common = Box(
            left: max(left, other.left), top: max(top, other.top), right: min(right, other.right),
            bottom: min(bottom, other.bottom)
        ).area
        let union = area + other.area - common
        return union > 0 ? common / union : 0
    }
}
