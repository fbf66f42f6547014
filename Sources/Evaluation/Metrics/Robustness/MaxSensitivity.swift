package import Explanations
import Tensors

/// How far small changes of the picture move the map at most.
///
///     SENS_MAX = max over ‖δ‖∞ ≤ r of ‖Φ(x + δ) - Φ(x)‖₂ / ‖Φ(x)‖₂
///
/// estimated from random δ. Yeh, Hsieh, Suggala, Inouye, Ravikumar: On the (in)fidelity and sensitivity of explanations, NeurIPS
/// 2019.
package struct MaxSensitivity: Metric {
    private static let radius = MethodParameter.number(
        "radius", 0.02, in: 1e-9...1000, "the largest change r of a number, in the model's numbers")
    private static let samples = MethodParameter.integer("samples", 10, in: 1...10_000, "how many changed pictures")
    private static let isRelative = MethodParameter.flag(
        "relative", true, "whether the distance is divided by the map's length")

    package static let description = MeasureDescription(
        name: "max-sensitivity", family: .robustness,
        summary: "How far small random changes of the picture move the raw result at most.",
        formula: "max over samples d, uniform in [-r, r], of |R(x + d) - R(x)|_2 / |R(x)|_2; R the raw result",
        paper: "Yeh et al., On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019",
        range: "0 and up", better: .lower, cost: "samples maps",
        remarks:
            "Random samples only bound the maximum from below: compare methods with the same number. Methods that draw random numbers draw the same ones each time. Radius and samples are captum's; Quantus takes 200 samples within 0.2. A constant map is never moved.",
        parameters: [radius.description, samples.description, isRelative.description])

    private let radius: Double
    private let samples: Int
    private let isRelative: Bool

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        radius = try parameters.value(Self.radius)
        samples = try parameters.value(Self.samples)
        isRelative = try parameters.value(Self.isRelative)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let name = Self.description.name
        let own = subject.raw.elements
        let length = Self.distance(own, [Float](repeating: 0, count: own.count))
        guard length.isFinite, length > 0 || !isRelative else {
            throw EvaluationError.undefined(measure: name, reason: "the map is zero everywhere or not finite")
        }
        var generator = SeededGenerator(seed: subject.seed)
        let points = (0..<samples).map { _ in
            subject.experiment.input.map { $0 + Float(radius * (2 * generator.nextUniform() - 1)) }
        }
        let distances = try subject.results(at: points, for: name).map { result in
            guard result.values.elements.count == own.count else {
                throw EvaluationError.undefined(
                    measure: name, reason: "the changed picture's result has another shape, \(result.values.shape)")
            }
            return Self.distance(result.values.elements, own) / (isRelative ? length : 1)
        }
        return Measurement(distances.max() ?? 0, details: distances)
    }

    private static func distance(_ first: [Float], _ second: [Float]) -> Double {
        zip(first, second).reduce(0.0) { sum, pair in
            let difference = Double(pair.0) - Double(pair.1)
            return sum + difference * difference
        }.squareRoot()
    }
}
