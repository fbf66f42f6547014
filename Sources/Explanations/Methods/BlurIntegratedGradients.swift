import Tensors

/// The gradient integrated along pictures that become less and less blurred (Xu et al. 2020).
package struct BlurIntegratedGradients: ProcedureMethod {
    package static let description = MethodDescription(
        name: "blur-integrated-gradients", family: .gradient,
        summary: "Shares of the score's difference from a blurred picture, by the gradient along rising sharpness.",
        formula:
            "∫ ∂S/∂x (L(σ)) ⊙ -dL(σ),   L(σ) = x blurred by σ, from sigma to 0;   ≈ Σ_k ½ (g_k + g_k+1) ⊙ (L_k - L_k+1),   σ_k = sigma (k / steps)²",
        paper: "Xu, Venugopalan, Sundararajan: Attribution in Scale and Space, CVPR 2020",
        result: "the input's shape", place: .input, cost: "steps + 1 forward and backward passes",
        fits: "models of pictures with backward rules throughout",
        remarks:
            "Needs no baseline of another colour. Adds up to S(x) less the score of the most blurred picture; the gap is always reported. The released implementation pads with zeros (border=zero), which darkens the picture from its edges inwards, takes steps of equal σ, the left end of each, and approximates dL.",
        parameters: [steps.description, sigma.description, border.description], display: .signed)

    private static let steps = MethodParameter<StepCount>.steps(50)
    private static let sigma = MethodParameter<Double>.number(
        "sigma", 50, in: 0.1...1000, "the standard deviation of the strongest blur in pixels")
    private static let border = MethodParameter<GaussianBlur.Border>.choice(
        "border", .reflect, "what lies outside of the picture")

    private let steps: StepCount
    private let sigma: Double
    private let border: GaussianBlur.Border

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        steps = try parameters.value(Self.steps)
        sigma = try parameters.value(Self.sigma)
        border = try parameters.value(Self.border)
    }

    package var requirements: [MethodRequirement] { [.picture, .inputGradient] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        experiment.noteRounding()
        var count = steps.first
        var complete: ProcedureResult?
        while true {
            var path = BlurPath(
                of: experiment.input, planes: try experiment.planes(), sigma: sigma, border: border, steps: count)
            let scores = try experiment.answers(at: [experiment.input, path.image(count)]).scores
            let (values, isComplete) = try integral(along: path, experiment)
            // A division that the time cut short is worth less than the coarser one before it.
            if !isComplete, let complete { return complete }
            let gap = CompletenessGap(values.elements, difference: Double(scores[0]) - Double(scores[1]))
            let used = SelfCheck(
                "steps", Double(count), "into how many steps the way to the blurred picture was divided")
            let result = ProcedureResult(
                values, checks: gap.checks() + (steps == .automatic ? [used] : []),
                notes: gap.notes(
                    "blur-integrated-gradients", advice: isComplete ? "take more steps" : "give it more time"))
            guard let next = steps.next(after: count, gap: gap.value), !experiment.isOver else { return result }
            complete = result
            count = next
        }
    }

    private func integral(
        along path: BlurPath, _ experiment: Experiment
    ) throws -> (values: Tensor<Float>, isComplete: Bool) {
        var total = [Double](repeating: 0, count: experiment.input.elements.count)
        var images = path
        var last: ArraySlice<Float> = []
        let done = try experiment.stream(path.steps + 1, of: [MethodSpecification("gradient")]) {
            images.image($0)
        } consume: { range, answers in
            let gradients = answers.results[0].elements
            for (row, index) in range.enumerated() {
                // The gradient at an image counts for half of the step before it and half of the step behind it.
                let (sharper, softer) = (
                    images.image(max(index - 1, 0)).elements, images.image(min(index + 1, path.steps)).elements
                )
                let start = row * total.count
                for element in total.indices {
                    let change = Double(sharper[element]) - Double(softer[element])
                    total[element] += 0.5 * change * Double(gradients[start + element])
                }
            }
            last = gradients.suffix(total.count * (range.count > 0 ? 1 : 0))
            images.forget(before: range.upperBound - 1)
            return true
        }
        if done <= path.steps, done > 0 {
            // The rest of the way in one step, with the last gradient that there is.
            let (from, next) = (images.image(done - 1).elements, images.image(done).elements)
            let end = images.image(path.steps).elements
            for (element, gradient) in zip(total.indices, last) {
                let change = 0.5 * (Double(from[element]) + Double(next[element])) - Double(end[element])
                total[element] += change * Double(gradient)
            }
        }
        var values = experiment.input.slice(0)
        values.mutateElements { $0 = total.map { Float($0) } }
        return (values, done > path.steps)
    }
}

/// A picture that is blurred more and more.
///
/// The integral does not depend on how fast; details go first, so their steps are the shortest: σ_k = sigma (k / steps)².
private struct BlurPath {
    let input: Tensor<Float>
    let planes: PicturePlanes
    let sigma: Double
    let border: GaussianBlur.Border
    let steps: Int
    /// Each image is needed three times, and making one takes longer than a small network's run.
    private var known: [Int: Tensor<Float>] = [:]

    init(of input: Tensor<Float>, planes: PicturePlanes, sigma: Double, border: GaussianBlur.Border, steps: Int) {
        self.input = input
        self.planes = planes
        self.sigma = sigma
        self.border = border
        self.steps = steps
    }

    mutating func image(_ step: Int) -> Tensor<Float> {
        if let image = known[step] { return image }
        let part = Double(step) / Double(steps)
        let blur = GaussianBlur(sigma: sigma * part * part, border: border)
        let image = planes.blurred(input, by: blur)
        known[step] = image
        return image
    }

    mutating func forget(before step: Int) { known = known.filter { $0.key >= step } }
}
