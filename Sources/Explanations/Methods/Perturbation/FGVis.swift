import Differentiation
import Foundation
import Graphs
import Tensors

/// A mask of single pixels and channels that deletes, keeps, makes or holds down the score (Wagner et al. 2019).
package struct FGVis: ProcedureMethod {
    /// What the mask is optimised for.
    enum Game: String, Sendable, CaseIterable {
        /// From the picture: takes away as little as possible, so that the score falls.
        case deletion
        /// From the picture: takes away as much as possible, while the score stays.
        case preservation
        /// From the baseline: adds as little as possible, so that the score rises.
        case generation
        /// From the baseline: adds as much as possible, while the score stays low.
        case repression

        /// Whether the score should be low.
        var isLow: Bool { self == .deletion || self == .repression }
        /// The mask that the game begins with, everywhere.
        var start: Double { self == .deletion || self == .preservation ? 1 : 0 }
    }

    /// What an optimisation is to reach.
    enum Goal: String, Sendable, CaseIterable {
        case score
        case highestClass = "switch"
    }

    private static let game = MethodParameter<Game>.choice(
        "game", .deletion,
        "deletion and preservation start from the picture, generation and repression from the baseline")
    private static let iterations = MethodParameter<Int>.integer("iterations", 200, in: 1...100_000, "steps")
    private static let lambda = MethodParameter<Double>.number(
        "lambda", 1, in: 0...1e6, "the weight of the mask's mean")
    private static let rate = MethodParameter<Double>.number(
        "rate", 0.1, in: 1e-6...1, "how far the element with the largest gradient moves in a step")
    private static let stop = MethodParameter<Double>.number(
        "stop", 0.1, in: 0...1, "the goal 'score': a scaled score below this, or above 1 minus this to keep or make it")
    private static let goal = MethodParameter<Goal>.choice(
        "until", .score,
        "what is to be reached: a score, or that the highest class is another one (the explained one, to keep or make it); deletion and generation end there"
    )
    private static let search = MethodParameter<Int>.integer(
        "search", 0, in: 0...40,
        "runs of a bisection for the largest λ, from lambda / 1000 to lambda · 1000, that reaches the goal; 0 takes lambda"
    )
    private static let gate = MethodParameter<Bool>.flag(
        "gate", true, "lets gradients pass an activation only inside its hull in the original picture")
    private static let baseline = MethodParameter<Baseline>.baseline("0", "what shows where the mask is 0")

    package static let description = MethodDescription(
        name: "fgvis", family: .perturbation,
        summary: "A mask of single pixels and channels that takes the score away, keeps it, makes it or holds it down.",
        formula:
            "e = m x + (1 - m) x̄;   deletion, repression: min s(e) + λ mean|1 - m|, M = 1 - m;   preservation, generation: min λ mean|m| - s(e), M = m;   ∂/∂h passes only where min(0, h(x)) ≤ h(e) ≤ max(0, h(x))",
        paper:
            "Wagner, Köhler, Gindele, Hetzel, Wiedemer, Behnke: Interpretable and Fine-Grained Visual Explanations for Convolutional Neural Networks, CVPR 2019",
        result: "the input's shape, 0 to 1", place: .input,
        cost:
            "1 forward and 1 backward pass an iteration, all of them `search` times; until=switch 1 forward pass more",
        fits: "models with backward rules throughout, best with ReLU",
        remarks:
            "Without the gate the mask is an adversarial example: fine, effective and meaningless. The gate lets no unit get more active than the picture makes it. Weights and the number of steps decide how much is deleted; the score is scaled to 1 for the picture and 0 for the baseline, so that they mean the same for logits and probabilities. The right λ depends on the model: search=8 finds the smallest mask that reaches the goal.",
        parameters: [
            game.description, iterations.description, lambda.description, rate.description, stop.description,
            goal.description, search.description, gate.description, baseline.description,
        ], display: .magnitude)

    private let game: Game
    private let iterations: Int
    private let lambda: Double
    private let rate: Double
    private let stop: Double
    private let goal: Goal
    private let search: Int
    private let gate: Bool
    private let baseline: Baseline

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        game = try parameters.value(Self.game)
        iterations = try parameters.value(Self.iterations)
        lambda = try parameters.value(Self.lambda)
        rate = try parameters.value(Self.rate)
        stop = try parameters.value(Self.stop)
        goal = try parameters.value(Self.goal)
        search = try parameters.value(Self.search)
        gate = try parameters.value(Self.gate)
        baseline = try parameters.value(Self.baseline)
    }

    package var requirements: [MethodRequirement] { [.picture, .inputGradient] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let gradient: any GraphMethod = gate ? HullGradient(of: experiment.input) : Gradient()
        let score = try BlendedScore(experiment, background: baseline, gradient: gradient)
        let reached = try goalCheck(experiment, score)
        var found = try optimised(score, experiment, lambda: lambda, until: reached)
        if search > 0 {
            // Larger weights leave smaller masks, until those no longer reach the goal.
            var (low, high) = (-3.0, 3.0)
            var best: Optimum?
            for run in 0..<search where run == 0 || !experiment.isOver {
                if run > 0 {
                    let weight = lambda * pow(10, (low + high) / 2)
                    found = try optimised(score, experiment, lambda: weight, until: reached)
                }
                let exponent = (low + high) / 2
                if found.isReached {
                    best = found
                    low = exponent
                } else {
                    high = exponent
                }
            }
            if let best {
                found = best
            } else {
                experiment.note("no λ that was tried reaches the goal; give a smaller lambda or more iterations")
            }
        }
        var result = experiment.input
        result.mutateElements { $0 = found.mask.map { Float(game.isLow ? 1 - $0 : $0) } }
        let area = found.mask.reduce(0) { $0 + (game.isLow ? 1 - $1 : $1) } / Double(found.mask.count)
        return ProcedureResult(
            result.slice(0),
            checks: [
                score.check,
                SelfCheck("scaled score", found.score, "behind the mask: 1 is the picture's score, 0 the baseline's"),
                SelfCheck("area", area, "the map's mean"),
                SelfCheck("lambda", found.lambda, "the weight of the mask's mean that the mask was found with"),
            ])
    }

    /// A mask at the end of a run.
    private struct Optimum {
        var mask: [Double]
        var score: Double
        var lambda: Double
        var isReached: Bool
    }

    /// Whether a mask with a scaled score reaches the goal.
    private func goalCheck(
        _ experiment: Experiment, _ score: BlendedScore
    ) throws -> (_ mask: [Double], _ score: Double) throws -> Bool {
        switch goal {
        case .score: return { _, value in game.isLow ? value < stop : value > 1 - stop }
        case .highestClass:
            let output = [MethodSpecification("output")]
            let count = try experiment.answers(at: [experiment.input], of: output).results[0].elements.count
            guard let explained = experiment.target.singleClass(ofSample: experiment.sample, among: count) else {
                throw ExplanationError.unsuitable(
                    method: experiment.label,
                    reason: "until=switch needs one class as its target, such as 3 or logit(3)")
            }
            return { mask, _ in
                let scores = try experiment.answers(at: [score.point(ofElements: mask)], of: output).results[0].elements
                let highest = scores.indices.max { (scores[$0], $1) < (scores[$1], $0) }
                return (highest == explained.index) != game.isLow
            }
        }
    }

    private func optimised(
        _ score: BlendedScore, _ experiment: Experiment, lambda: Double,
        until reached: (_ mask: [Double], _ score: Double) throws -> Bool
    ) throws -> Optimum {
        var mask = [Double](repeating: game.start, count: experiment.input.elements.count)
        let pull = lambda / Double(mask.count)
        let endsThere = game == .deletion || game == .generation
        var ended: Double?
        try experiment.repeating(iterations) { _ in
            let (value, slopes) = try score.value(ofElements: mask)
            if try endsThere && reached(mask, value) {
                ended = value
                return false
            }
            // Both penalties push the mask towards where the score does not want it.
            let gradient = slopes.map { game.isLow ? $0 - pull : pull - $0 }
            let largest = gradient.reduce(0) { max($0, abs($1)) }
            guard largest > 0, largest.isFinite else { return false }
            for index in mask.indices { mask[index] = min(max(mask[index] - rate * gradient[index] / largest, 0), 1) }
            return true
        }
        // The last step moved the mask once more.
        let last = try ended ?? score.value(ofElements: mask).score
        return Optimum(mask: mask, score: last, lambda: lambda, isReached: try reached(mask, last))
    }
}

/// The gradient that only passes activations inside their hull in the original picture.
private struct HullGradient: GraphMethod {
    static let description = FGVis.description
    private let rules: BackwardRules

    init(of picture: Tensor<Float>) {
        rules = BackwardRules(name: "activation-hull(fgvis)") { graph, input in
            // A model of a fixed batch computes the same row several times.
            let shape = graph.shape(of: input) ?? picture.shape
            let rows = max(shape.count / max(picture.elements.count, 1), 1)
            let copies = [[Float]](repeating: picture.elements, count: rows).flatMap { $0 }
            return AnyTensor(try Tensor(shape: shape, elements: copies)).converted(to: graph[input].type ?? .float32)
        } composite: {
            .activationHull(of: $0)
        }
    }

    init(_ parameters: inout MethodParameters) throws(ExplanationError) { rules = .derivative }

    func gradients(in question: Question) throws -> [GradientRequest] { [.of(question.input, by: rules)] }

    func result(in question: inout QuestionGraph) throws -> ValueID {
        try question.gradient(of: question.question.input, by: rules)
    }
}
