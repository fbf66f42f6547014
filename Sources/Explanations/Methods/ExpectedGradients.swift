import Tensors

/// Integrated gradients in expectation over baselines (Erion et al. 2021).
package struct ExpectedGradients: ProcedureMethod {
    package static let description = MethodDescription(
        name: "expected-gradients", family: .gradient,
        summary: "Integrated gradients averaged over many baselines, one random point of a random line at a time.",
        formula: "E_x̄~D, α~U(0,1) [(x - x̄) ⊙ ∂S/∂x (x̄ + α (x - x̄))]",
        paper:
            "Erion, Janizek, Sturmfels, Lundberg, Lee: Improving performance of deep learning models with axiomatic attribution priors and expected gradients, Nature Machine Intelligence 2021",
        result: "the input's shape", place: .input,
        cost: "samples forward and backward passes, and as many forward passes for the completeness gap",
        fits: "models with backward rules throughout",
        remarks:
            "Needs no single input that says nothing: give inputs of the training data as a stack. Adds up to S(x) less the mean score of the baselines, but for the sampling error, which is reported.",
        parameters: [samples.description, seed.description, baseline.description], display: .signed)

    private static let samples = MethodParameter<Int>.integer(
        "samples", 200, in: 1...1_000_000, "how many points of lines")
    private static let seed = MethodParameter<Int>.integer(
        "seed", 0, in: 0...Int.max, "of the choice of lines and points")
    private static let baseline = MethodParameter<Baseline>.baseline(
        "noise", several: true, "what lines start from, drawn at random; a file holds any number of inputs")

    private let samples: Int
    private let seed: UInt64
    private let baseline: Baseline

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        samples = try parameters.value(Self.samples)
        seed = UInt64(try parameters.value(Self.seed))
        baseline = try parameters.value(Self.baseline)
    }

    package var requirements: [MethodRequirement] { [.inputGradient] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        experiment.noteRounding()
        let distribution = try BaselineDistribution(baseline, for: experiment)
        func draw(_ sample: Int) -> (line: StraightLine, position: Double) {
            var generator = SeededGenerator(seed: seed, part: sample)
            let position = generator.nextUniform()
            return (StraightLine(from: distribution.draw(&generator), to: experiment.input), position)
        }
        var moments = RunningMoments()
        let done = try experiment.stream(samples, of: [MethodSpecification("gradient")]) { sample in
            let (line, position) = draw(sample)
            return line.point(position)
        } consume: { range, answers in
            for (row, sample) in range.enumerated() {
                let start = draw(sample).line.start.elements
                var share = answers.results[0].slice(row)
                share.mutateElements { elements in
                    for index in elements.indices { elements[index] *= experiment.input.elements[index] - start[index] }
                }
                try moments.add(share)
            }
            return true
        }
        var result = ProcedureResult(mean: moments, of: Experiment.MapStream(count: done, layer: nil))
        guard !experiment.isOver else { return result }
        let score = Double(try experiment.answers(at: [experiment.input]).scores[0])
        var sum = 0.0
        let scored = try experiment.stream(done) {
            draw($0).line.start
        } consume: { _, answers in
            sum += answers.scores.reduce(0) { $0 + Double($1) }
            return true
        }
        guard scored == done else { return result }
        let gap = CompletenessGap(result.values.elements, difference: score - sum / Double(done))
        result.checks += gap.checks()
        result.notes += gap.notes("expected-gradients", advice: "take more samples")
        return result
    }
}
