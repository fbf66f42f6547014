package import Graphs
import Tensors

/// The gradient integrated from a baseline to the input, times their difference (Sundararajan et al. 2017).
package struct IntegratedGradients: CompilableProcedure {
    package static let description = MethodDescription(
        name: "integrated-gradients", family: .gradient,
        summary:
            "Shares of the score's difference from a baseline, by the gradient along the straight line to the input.",
        formula: "(x - x̄) ⊙ ∫₀¹ ∂S/∂x (x̄ + α (x - x̄)) dα ≈ (x - x̄) ⊙ Σ_k w_k ∂S/∂x (x̄ + α_k (x - x̄))",
        paper: "Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, ICML 2017",
        result: "the input's shape", place: .input,
        cost: "steps forward and backward passes for every baseline (one more by the trapezoid rule), 2 forward passes",
        fits: "models with backward rules throughout",
        remarks:
            "Adds up to S(x) - S(x̄); the gap is always reported. What counts as nothing decides the map: 0 is the mean colour of a normalised input, black hides dark objects. The input shows through, as in gradient-x-input (Adebayo et al. 2018). For a linear model it is (x - x̄) ⊙ w, without the factor ½ that some texts have. The trapezoid rule of captum has weights that sum to (n - 1)/n.",
        parameters: [steps.description, rule.description, baseline.description], display: .signed)

    private static let steps = MethodParameter<StepCount>.steps(50)
    private static let rule = MethodParameter<QuadratureRule>.choice(
        "rule", .gaussLegendre, "how the integral becomes a sum; trapezoid has steps intervals")
    private static let baseline = MethodParameter<Baseline>.baseline(several: true, "where the line starts")

    private let steps: StepCount
    private let rule: QuadratureRule
    private let baseline: Baseline

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        steps = try parameters.value(Self.steps)
        rule = try parameters.value(Self.rule)
        baseline = try parameters.value(Self.baseline)
    }

    package var requirements: [MethodRequirement] { [.inputGradient] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        experiment.noteRounding()
        let lines = try baseline.inputs(for: experiment).map { StraightLine(from: $0, to: experiment.input) }
        let scores = try experiment.answers(at: [experiment.input] + lines.map(\.start)).scores.map(Double.init)
        let difference = scores[0] - scores.dropFirst().reduce(0, +) / Double(lines.count)
        var count = steps.first
        while true {
            let values = try integral(along: lines, nodes: rule.nodes(count).spread, experiment)
            let gap = CompletenessGap(values.elements, difference: difference)
            if let next = steps.next(after: count, gap: gap.value), !experiment.isOver {
                count = next
                continue
            }
            let used = SelfCheck("steps", Double(count), "into how many steps the way from the baseline was divided")
            return ProcedureResult(
                values, checks: gap.checks() + (steps == .automatic ? [used] : []),
                notes: gap.notes(
                    "integrated-gradients", advice: "take more steps (steps=auto doubles them until it is below 1 %)"))
        }
    }

    /// The mean over the lines; a sum that ends early is divided by the weights that it had.
    private func integral(
        along lines: [StraightLine], nodes: [QuadratureRule.Node], _ experiment: Experiment
    ) throws -> Tensor<Float> {
        let size = experiment.input.elements.count
        var sums = [[Double]](repeating: [Double](repeating: 0, count: size), count: lines.count)
        var weights = [Double](repeating: 0, count: lines.count)
        try experiment.stream(nodes.count * lines.count, of: [MethodSpecification("gradient")]) { index in
            lines[index % lines.count].point(nodes[index / lines.count].position)
        } consume: { range, answers in
            let gradients = answers.results[0].elements
            for (row, index) in range.enumerated() {
                let (line, weight) = (index % lines.count, nodes[index / lines.count].weight)
                weights[line] += weight
                for element in 0..<size { sums[line][element] += weight * Double(gradients[row * size + element]) }
            }
            return true
        }
        var total = [Double](repeating: 0, count: size)
        let reached = weights.count { $0 > 0 }
        for (line, weight) in zip(lines.indices, weights) where weight > 0 {
            // A sum that is complete has its weights to the last bit.
            let share = 1 / Double(reached) / (abs(weight - 1) < 1e-9 ? 1 : weight)
            let (start, end) = (lines[line].start.elements, lines[line].end.elements)
            for element in 0..<size {
                total[element] += share * sums[line][element] * (Double(end[element]) - Double(start[element]))
            }
        }
        var values = experiment.input.slice(0)
        values.mutateElements { $0 = total.map { Float($0) } }
        return values
    }

    package func result(in experiment: inout ExperimentGraph) throws -> ValueID {
        guard case .fixed(let count) = steps else {
            throw ExplanationError.parameter(
                method: Self.description.name, name: "steps",
                reason: "a file has a fixed number of steps; give a number")
        }
        let nodes = rule.nodes(count).spread
        let starts = try baseline.values(in: &experiment)
        let shares = try starts.map { start in
            let change = experiment.nodes.emit("Sub", [experiment.input, start])
            let sums = try experiment.sums(over: nodes.count, of: MethodSpecification("gradient")) {
                experiment, range in
                try experiment.line(from: start, to: nodes[range].map(\.position))
            } terms: { experiment, gradients, range in
                let weights = try experiment.perPoint(nodes[range].map(\.weight))
                return [experiment.sum(experiment.nodes.emit("Mul", [weights, gradients]))]
            }
            return experiment.nodes.emit("Mul", [change, sums[0]])
        }
        return experiment.mean(shares)
    }
}
