import Explanations
import Tensors

/// Maps that know nothing about a picture. What a metric says of them is what any other number has to be compared with.
package enum TrivialMap: String, Sendable, CaseIterable {
    /// The same everywhere: its box is the whole picture.
    case wholePicture = "whole-picture"
    /// A box of half the area in the middle, of the picture's proportions.
    case centredBox = "centred-box"

    /// The subject with this map over the annotated picture in the method's place; for metrics of localisation, which look at
    /// nothing else.
    package func subject(replacing subject: EvaluationSubject) -> EvaluationSubject {
        guard let truth = subject.truth, truth.map.shape.rank == 2 else { return subject }
        let (height, width) = (truth.map.shape[0], truth.map.shape[1])
        var map = Tensor<Float>(repeating: 1, shape: truth.map.shape)
        if self == .centredBox {
            let half = 0.5.squareRoot() / 2
            map.mutateElements { elements in
                for place in elements.indices {
                    let down = (Double(place / width) + 0.5) / Double(height) - 0.5
                    let across = (Double(place % width) + 0.5) / Double(width) - 0.5
                    if abs(down) >= half || abs(across) >= half { elements[place] = 0 }
                }
            }
        }
        return EvaluationSubject(
            experiment: subject.experiment, probability: subject.probability, method: MethodSpecification(rawValue),
            display: .positive, raw: map, map: map,
            truth: GroundTruth(
                map: map, boxes: truth.boxes, mask: truth.mask, rank: truth.rank, label: truth.label),
            seed: subject.seed)
    }
}
