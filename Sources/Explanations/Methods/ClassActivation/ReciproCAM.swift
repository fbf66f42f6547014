import Graphs
import Tensors

/// Recipro-CAM (Byun and Lee 2024).
package struct ReciproCAM: ProcedureMethod {
    package static let description = MethodDescription(
        name: "reciprocam", family: .classActivation,
        summary: "The score when the layer keeps one cell alone, for every cell.",
        formula: "L_ij = S(A ⊙ M_ij) - S(0 at the layer), M_ij the cell ij, or a Gaussian of 3x3 cells around it",
        paper: "Byun, Lee: ReciproCAM, CVPR workshops 2024 (arXiv 2209.14074)",
        result: "[B, H, W] of the layer", place: .layer,
        cost: "2 forward passes, and 1 pass behind the layer for every cell",
        fits: "models with a spatial layer; no gradients are needed",
        remarks:
            "Far fewer passes than Score-CAM, and only behind the layer. A layer with a single active cell is unlike any that the model has seen. The paper takes probabilities (score=prob) and scales the map between its extremes; S(0) moves it so that 0 means no influence. Where the rest of the model is average pooling and a linear layer, it equals Grad-CAM.",
        parameters: [mask.description, score.description], display: .positive)

    /// What of the layer is kept.
    package enum Mask: String, CaseIterable, Sendable {
        case cell
        case gaussian
    }

    private static let mask = MethodParameter<Mask>.choice(
        "mask", .cell, "what of the layer is kept: a cell, or 3x3 cells with weights of 1/4, 1/8 and 1/16")
    private static let score = JudgedScore.parameter(.target)

    private let mask: Mask
    private let score: JudgedScore

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        mask = try parameters.value(Self.mask)
        score = try parameters.value(Self.score)
    }

    package var requirements: [MethodRequirement] { [.layer] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let (choice, maps) = try experiment.layerMaps()
        let judged = try score.experiment(experiment)
        var scores = [Float](repeating: 0, count: maps.pictures * maps.cells + 1)
        // The first map is the layer without any cell.
        let done = try judged.streamBehindLayer(scores.count) { index in
            kept(maps, around: index - 1)
        } consume: { range, answers in
            scores.replaceSubrange(range, with: answers)
            return true
        }
        let empty = scores[0]
        let values = scores.indices.dropFirst().map { $0 < done ? scores[$0] - empty : 0 }
        return ProcedureResult(
            try Tensor(shape: maps.mapShape, elements: values), layer: choice, notes: judged.notes,
            companions: ["score-without-cells": Tensor(empty)])
    }

    /// The maps with one cell of one picture, or the weighted cells around it; without any where the cell is negative.
    private func kept(_ maps: LayerMaps, around cell: Int) -> Tensor<Float> {
        var result = Tensor<Float>(repeating: 0, shape: maps.values.shape)
        guard cell >= 0 else { return result }
        let (cells, channels) = (maps.cells, maps.channels)
        let weights = weights(around: cell % cells, in: maps.lengths)
        result.mutateElements { elements in
            for channel in 0..<channels {
                let start = (cell / cells * channels + channel) * cells
                for (place, weight) in weights {
                    elements[start + place] = weight * maps.values.elements[start + place]
                }
            }
        }
        return result
    }

    /// The weight of a cell, and those of its neighbours: along every axis half of it stays in the middle and a quarter goes to each side.
    private func weights(around cell: Int, in lengths: [Int]) -> [(place: Int, weight: Float)] {
        var weights: [(place: Int, weight: Float)] = [(0, 1)]
        var rest = lengths.reduce(1, *)
        for length in lengths {
            let position = cell / (rest / length) % length
            rest /= length
            let reach = mask == .cell ? 0 : 1
            weights = weights.flatMap { place, weight in
                (max(position - reach, 0)...min(position + reach, length - 1)).map {
                    (place * length + $0, reach == 0 ? weight : weight * ($0 == position ? 0.5 : 0.25))
                }
            }
        }
        return weights
    }
}
