package import Explanations
import Tensors

/// How far the map is from predicting what changes of the picture do to the score.
///
///     INFD = E_I[(β Iᵀ Φ - (f(x) - f(x - I)))²]
///
/// Yeh, Hsieh, Suggala, Inouye, Ravikumar: On the (in)fidelity and sensitivity of explanations, NeurIPS 2019.
package struct Infidelity: Metric {
    /// Which changes I are made.
    package enum Perturbation: String, CaseIterable, Sendable {
        /// A square at a random place becomes the baseline.
        case square
        /// Normal noise everywhere.
        case gaussian
    }

    /// What the map's numbers are.
    package enum Units: String, CaseIterable, Sendable {
        /// Score per input: what I is multiplied with.
        case sensitivity
        /// Parts of the score: what is summed over the changed pixels.
        case contribution
    }

    private static let perturbation = MethodParameter.choice(
        "perturbation", Perturbation.square, "a random square that becomes the baseline, or normal noise everywhere")
    private static let side = MethodParameter.integer("side", 32, in: 1...65536, "the square's side in pixels")
    private static let sigma = MethodParameter.number(
        "sigma", 0.2, in: 1e-6...1000, "the noise's deviation, in the model's numbers")
    private static let samples = MethodParameter.integer("samples", 100, in: 1...100_000, "how many changes")
    private static let units = MethodParameter.choice(
        "units", Units.sensitivity,
        "sensitivities, multiplied by the change; contributions, summed over the changed pixels (squares only)")
    private static let normalise = MethodParameter.flag(
        "normalise", true, "whether the map is first multiplied by the factor β that fits best")
    private static let baseline = MethodParameter<Baseline>.baseline("0", "what squares become")
    private static let score = AskedScore.parameter(.target)

    package static let description = MeasureDescription(
        name: "infidelity", family: .faithfulness,
        summary: "Mean squared error of the map's prediction of what random changes do to the score.",
        formula: "E[(beta I.m - (f(x) - f(x - I)))^2]; beta = E[I.m (f(x) - f(x - I))] / E[(I.m)^2], or 1",
        paper: "Yeh et al., On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019",
        range: "0 and up, in squares of the score", better: .lower, cost: "samples + 1 forward passes",
        remarks:
            "The raw result is taken where it has a number for every channel, else the map for each channel alike. captum's is normalise=false by default and leaves the changes to the caller; Quantus goes through all squares without normalising, and each call changes what earlier squares left. A product with the input is a contribution: units=contribution.",
        parameters: [
            perturbation.description, side.description, sigma.description, samples.description, units.description,
            normalise.description, baseline.description, score.description,
        ])

    private let perturbation: Perturbation
    private let side: Int
    private let sigma: Double
    private let samples: Int
    private let units: Units
    private let normalise: Bool
    private let baseline: Baseline
    private let score: AskedScore

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        perturbation = try parameters.value(Self.perturbation)
        side = try parameters.value(Self.side)
        sigma = try parameters.value(Self.sigma)
        samples = try parameters.value(Self.samples)
        units = try parameters.value(Self.units)
        normalise = try parameters.value(Self.normalise)
        baseline = try parameters.value(Self.baseline)
        score = try parameters.value(Self.score)
        if perturbation == .gaussian, units == .contribution {
            throw parameters.problem("units", "noise changes every pixel a little, so contributions cannot be summed")
        }
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let planes = try subject.planes(for: Self.description.name)
        let asked = score.experiment(of: subject)
        let input = asked.input.elements
        let relevance = try subject.relevance(over: planes, isShared: units == .contribution).elements
        let change = Change(
            replacement: PixelReplacement(from: asked.input, to: try baseline.input(for: asked), planes: planes),
            perturbation: perturbation, side: side, sigma: sigma)
        var generator = SeededGenerator(seed: subject.seed)
        var predicted: [Double] = []
        let scores = try asked.scores(samples + 1) { index in
            guard index > 0 else { return asked.input }
            let (changed, offsets) = change.draw(&generator)
            let after = changed.elements
            predicted.append(
                offsets.reduce(0.0) { sum, offset in
                    let factor = units == .sensitivity ? Double(input[offset]) - Double(after[offset]) : 1
                    return sum + factor * Double(relevance[offset])
                })
            return changed
        }
        let found = scores.dropFirst().map { scores[0] - $0 }
        let power = predicted.reduce(0) { $0 + $1 * $1 }
        let product = zip(predicted, found).reduce(0) { $0 + $1.0 * $1.1 }
        let factor = normalise ? (power > 0 ? product / power : 0) : 1
        let errors = zip(predicted, found).map { (factor * $0 - $1) * (factor * $0 - $1) }
        return Measurement(errors.reduce(0, +) / Double(errors.count), details: [factor])
    }

    /// A random change of a picture.
    private struct Change {
        let replacement: PixelReplacement
        let perturbation: Perturbation
        let side: Int
        let sigma: Double

        /// A changed picture, and which of its elements may have changed.
        func draw(_ generator: inout SeededGenerator) -> (picture: Tensor<Float>, offsets: [Int]) {
            let planes = replacement.planes
            guard perturbation == .square else {
                var picture = replacement.start
                picture.mutateElements { elements in
                    for index in elements.indices { elements[index] -= Float(sigma * generator.nextNormal()) }
                }
                return (picture, Array(picture.elements.indices))
            }
            let (height, width) = (min(side, planes.height), min(side, planes.width))
            let top = Int.random(in: 0...planes.height - height, using: &generator)
            let left = Int.random(in: 0...planes.width - width, using: &generator)
            let places = (top..<top + height).flatMap { row in
                (left..<left + width).map { row * planes.width + $0 }
            }
            let offsets = (0..<planes.channels).flatMap { channel in
                places.map { planes.offset(channel: channel, row: $0 / planes.width, column: $0 % planes.width) }
            }
            return (replacement.replacing(places[...]), offsets)
        }
    }
}

extension EvaluationSubject {
    /// The raw result in the input's shape; where it has no numbers for channels, the map for every channel alike, or an
    /// equal share of it.
    fileprivate func relevance(over planes: PicturePlanes, isShared: Bool) throws -> Tensor<Float> {
        let shape = experiment.input.shape
        if raw.shape.dimensions == Array(shape.dimensions.dropFirst()) { return try raw.reshaped(shape) }
        let plane = isShared ? map.map { $0 / Float(planes.channels) } : map
        return planes.picture([Tensor<Float>](repeating: plane, count: planes.channels), like: experiment.input)
    }
}
