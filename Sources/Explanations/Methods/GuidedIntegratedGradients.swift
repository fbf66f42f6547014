import Tensors

/// The gradient integrated along a path that changes first what changes the score least (Kapishnikov et al. 2021).
package struct GuidedIntegratedGradients: ProcedureMethod {
    package static let description = MethodDescription(
        name: "guided-integrated-gradients", family: .gradient,
        summary:
            "Integrated gradients along a path that moves those numbers first to which the score is least sensitive.",
        formula:
            "Σ_k ∂S/∂x (x_k) ⊙ (x_k+1 - x_k);   step k moves the fraction of numbers with the smallest |∂S/∂x|, until |x - x_k+1|₁ = (1 - (k+1)/steps) |x - x̄|₁, each no further than distance from the straight line",
        paper: "Kapishnikov, Venugopalan, Avci, Wedin, Terry, Bolukbasi: Guided Integrated Gradients, CVPR 2021",
        result: "the input's shape", place: .input,
        cost: "steps forward and backward passes, one after the other; 2 forward passes",
        fits: "models with backward rules throughout",
        remarks:
            "Less noise than integrated gradients where the straight line crosses steep regions that have nothing to do with the input. Adds up to S(x) - S(x̄) as the steps grow; the gap is always reported. Defaults are those of the released implementation.",
        parameters: [steps.description, fraction.description, distance.description, baseline.description],
        display: .signed)

    private static let steps = MethodParameter<Int>.integer("steps", 200, in: 1...100_000, "how many steps")
    private static let fraction = MethodParameter<Double>.number(
        "fraction", 0.25, in: 0...1, "the part of the numbers that is moved at a time")
    private static let distance = MethodParameter<Double>.number(
        "distance", 0.02, in: 0...1, "how far a number may be from the straight line, as a part of its way")
    private static let baseline = MethodParameter<Baseline>.baseline("0", "where the path starts")

    private let steps: Int
    private let fraction: Double
    private let distance: Double
    private let baseline: Baseline

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        steps = try parameters.value(Self.steps)
        fraction = try parameters.value(Self.fraction)
        distance = try parameters.value(Self.distance)
        baseline = try parameters.value(Self.baseline)
    }

    package var requirements: [MethodRequirement] { [.inputGradient] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        experiment.noteRounding()
        let start = try baseline.input(for: experiment)
        let scores = try experiment.answers(at: [experiment.input, start]).scores
        var path = GuidedPath(from: start, to: experiment.input, fraction: fraction, distance: distance)
        let done = try experiment.portions(steps, size: 1) { range, _ in
            try path.move(
                along: gradient(at: path.position(like: start), experiment),
                to: Double(range.upperBound) / Double(steps))
            return true
        }
        // What is left after an early end is gone in one step.
        if done < steps { path.finish(along: try gradient(at: path.position(like: start), experiment)) }
        var values = experiment.input.slice(0)
        values.mutateElements { $0 = path.attributions.map { Float($0) } }
        let gap = CompletenessGap(values.elements, difference: Double(scores[0]) - Double(scores[1]))
        return ProcedureResult(
            values, checks: gap.checks(), notes: gap.notes("guided-integrated-gradients", advice: "take more steps"))
    }

    private func gradient(at point: Tensor<Float>, _ experiment: Experiment) throws -> [Float] {
        try experiment.answers(at: [point], of: [MethodSpecification("gradient")]).results[0].elements
    }
}
