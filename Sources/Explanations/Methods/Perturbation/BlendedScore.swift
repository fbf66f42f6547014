import Tensors

/// The score of a picture that is blended with a background by a mask, on a scale from 0 (the background) to 1 (the picture).
///
/// `s(m) = (S(m x + (1 - m) x̄) - S(x̄)) / (S(x) - S(x̄))`, so that weights of penalties mean the same for logits and probabilities.
/// The gradient with respect to the mask follows from the input's: `∂S/∂m = Σ_c ∂S/∂e_c (x_c - x̄_c)`.
struct BlendedScore {
    let experiment: Experiment
    let planes: PicturePlanes
    private let background: Tensor<Float>
    private let difference: Tensor<Float>
    private let program: SampleProgram
    private let lowest: Double
    private let span: Double

    init(_ experiment: Experiment, background baseline: Baseline, gradient: any GraphMethod) throws {
        self.experiment = experiment
        planes = try experiment.planes()
        background = try baseline.input(for: experiment)
        var difference = experiment.input
        let behind = background.elements
        difference.mutateElements { elements in
            for index in elements.indices { elements[index] -= behind[index] }
        }
        self.difference = difference
        program = try experiment.program(of: gradient)
        let ends = try experiment.answers(at: [experiment.input, background]).scores.map { Double($0) }
        lowest = ends[1]
        span = ends[0] - ends[1]
        guard ends.allSatisfy(\.isFinite) else {
            throw ExplanationError.unsuitable(
                method: experiment.label,
                reason: "the scores of picture and baseline are \(ends[0]) and \(ends[1]), no finite numbers")
        }
        guard abs(span) > 1e-6 * max(abs(ends[0]), abs(ends[1])), span.isFinite else {
            throw ExplanationError.unsuitable(
                method: experiment.label,
                reason:
                    "the baseline has the picture's score \(Float(ends[0])), so there is nothing to look for; choose another baseline"
            )
        }
    }

    /// What the scale's ends are.
    var check: SelfCheck {
        SelfCheck("score difference", span, "S(x) - S(x̄): what the mask is optimised to keep or to take away")
    }

    /// The scaled score and its gradient for a mask `[H, W]` of all channels; noise is added to the picture.
    func value(ofMask mask: Tensor<Float>, noise: Tensor<Float>? = nil) throws -> (score: Double, gradient: [Double]) {
        var point = planes.blend(experiment.input, over: background, by: mask)
        if let noise = noise?.elements {
            point.mutateElements { elements in
                for index in elements.indices { elements[index] += noise[index] }
            }
        }
        let (score, gradient) = try scaled(at: point)
        var result = [Double](repeating: 0, count: planes.height * planes.width)
        for channel in 0..<planes.channels {
            for row in 0..<planes.height {
                for column in 0..<planes.width {
                    let index = planes.offset(channel: channel, row: row, column: column)
                    result[row * planes.width + column] += gradient[index]
                }
            }
        }
        return (score, result)
    }

    /// The scaled score and its gradient for a mask of the input's own shape, element by element.
    func value(ofElements mask: [Double]) throws -> (score: Double, gradient: [Double]) {
        try scaled(at: point(ofElements: mask))
    }

    /// What stands behind a mask of the input's own shape.
    func point(ofElements mask: [Double]) -> Tensor<Float> {
        var point = background
        let change = difference.elements
        point.mutateElements { elements in
            for index in elements.indices { elements[index] += Float(mask[index]) * change[index] }
        }
        return point
    }

    /// The gradient with respect to one mask an element.
    private func scaled(at point: Tensor<Float>) throws -> (score: Double, gradient: [Double]) {
        let (score, gradient) = try program.answer(at: point)
        guard score.isFinite else {
            throw ExplanationError.unsuitable(
                method: experiment.label, reason: "the score of a blended picture is no finite number (\(score))")
        }
        let change = difference.elements
        let slopes = gradient.elements
        return (
            (score - lowest) / span, change.indices.map { Double(slopes[$0]) * Double(change[$0]) / span }
        )
    }
}
