import Differentiation
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

    private static let game = MethodParameter<Game>.choice(
        "game", .deletion,
        "deletion and preservation start from the picture, generation and repression from the baseline")
    private static let iterations = MethodParameter<Int>.integer("iterations", 200, in: 1...100_000, "steps")
    private static let lambda = MethodParameter<Double>.number(
        "lambda", 1, in: 0...1e6, "the weight of the mask's mean")
    private static let rate = MethodParameter<Double>.number(
        "rate", 0.1, in: 1e-6...1, "how far the element with the largest gradient moves in a step")
    private static let stop = MethodParameter<Double>.number(
        "stop", 0.1, in: 0...1,
        "deletion ends when the scaled score is below this, generation when it is above 1 minus this")
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
        cost: "1 forward and 1 backward pass an iteration; the model's own activations are held beside them",
        fits: "models with backward rules throughout, best with ReLU",
        remarks:
            "Without the gate the mask is an adversarial example: fine, effective and meaningless. The gate lets no unit get more active than the picture makes it. Weights and the number of steps decide how much is deleted; the score is scaled to 1 for the picture and 0 for the baseline, so that they mean the same for logits and probabilities.",
        parameters: [
            game.description, iterations.description, lambda.description, rate.description, stop.description,
            gate.description, baseline.description,
        ], display: .magnitude)

    private let game: Game
    private let iterations: Int
    private let lambda: Double
    private let rate: Double
    private let stop: Double
    private let gate: Bool
    private let baseline: Baseline

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        game = try parameters.value(Self.game)
        iterations = try parameters.value(Self.iterations)
        lambda = try parameters.value(Self.lambda)
        rate = try parameters.value(Self.rate)
        stop = try parameters.value(Self.stop)
        gate = try parameters.value(Self.gate)
        baseline = try parameters.value(Self.baseline)
    }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let gradient: any GraphMethod = gate ? HullGradient(of: experiment.input) : Gradient()
        let score = try BlendedScore(experiment, background: baseline, gradient: gradient)
        var mask = [Double](repeating: game.start, count: experiment.input.elements.count)
        let pull = lambda / Double(mask.count)
        var last = game.start
        try experiment.repeating(iterations) { _ in
            let (value, slopes) = try score.value(ofElements: mask)
            last = value
            if game == .deletion && value < stop || game == .generation && value > 1 - stop { return false }
            // Both penalties push the mask towards where the score does not want it.
            let gradient = slopes.map { game.isLow ? $0 - pull : pull - $0 }
            let largest = gradient.reduce(0) { max($0, abs($1)) }
            guard largest > 0, largest.isFinite else { return false }
            for index in mask.indices { mask[index] = min(max(mask[index] - rate * gradient[index] / largest, 0), 1) }
            return true
        }
        var result = experiment.input
        result.mutateElements { $0 = mask.map { Float(game.isLow ? 1 - $0 : $0) } }
        return ProcedureResult(
            result.slice(0),
            checks: [
                score.check,
                SelfCheck("scaled score", last, "behind the mask: 1 is the picture's score, 0 the baseline's"),
                SelfCheck(
                    "area", mask.reduce(0) { $0 + (game.isLow ? 1 - $1 : $1) } / Double(mask.count), "the map's mean"),
            ])
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
