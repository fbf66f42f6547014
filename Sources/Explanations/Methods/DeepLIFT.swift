import Differentiation
package import Graphs
package import Tensors

/// DeepLIFT by the rescale rule (Shrikumar et al. 2017).
package struct DeepLIFT: GraphMethod {
    package static let description = MethodDescription(
        name: "deeplift", family: .modifiedBackward,
        summary: "Each input number's share of the difference between the score and the score of a baseline.",
        formula:
            "m ⊙ (x - x̄), m carried back by multipliers: Δy/Δx at nonlinearities, the derivative at linear operators, midpoints at products;   Σ m (x - x̄) = S(x) - S(x̄)",
        paper:
            "Shrikumar, Greenside, Kundaje: Learning Important Features Through Propagating Activation Differences, ICML 2017",
        result: "the input's shape", place: .input, cost: "2 forward passes, 1 full backward pass",
        fits:
            "models whose operators have multipliers: convolutions, activations, poolings, gates, normalisations, attention",
        remarks:
            "Complete by construction; the check says how far rounding and operators without a multiplier move it. Depends on the baseline, and the input shows through as in gradient-x-input: like those it looks alike for randomised models (Adebayo et al. 2018 for the family). Not the same for two spellings of one function (Sundararajan, Taly, Yan 2017).",
        parameters: [baseline.description], display: .signed)

    private static let baseline = MethodParameter<Baseline>(
        "baseline", .number(0, text: "0"), written: "0",
        "what the input is compared with, in the model's own units; a number or FILE.npy"
    ) { try Baseline($0) }

    /// What stands in the input's place.
    private enum Baseline: Sendable {
        case number(Float, text: String)
        /// One sample.
        case tensor(Tensor<Float>, path: String)

        init?(_ text: String) throws {
            if let number = Float(text) {
                guard number.isFinite else { return nil }
                self = .number(number, text: text)
            } else {
                self = .tensor(try Numpy.read(path: text).floatTensor, path: text)
            }
        }

        var name: String {
            switch self {
            case .number(_, let text): text
            case .tensor(_, let path): path
            }
        }

        func tensor(of shape: Shape, batch: Int) throws -> Tensor<Float> {
            switch self {
            case .number(let number, _): return Tensor(repeating: number, shape: shape)
            case .tensor(let sample, let path):
                let count = shape.count / Swift.max(batch, 1)
                guard sample.elements.count == count else {
                    throw ExplanationError.parameter(
                        method: "deeplift", name: "baseline",
                        reason:
                            "'\(path)' has shape \(sample.shape), and one sample of the input \(shape) has \(count) numbers"
                    )
                }
                let samples = [Tensor<Float>](repeating: sample, count: Swift.max(batch, 1))
                return try Tensor(shape: shape, elements: samples.flatMap(\.elements))
            }
        }
    }

    private let baseline: Baseline

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        baseline = try parameters.value(Self.baseline)
    }

    private func rules(batch: Int) -> BackwardRules {
        let baseline = self.baseline
        return BackwardRules(name: "deeplift(\(baseline.name))") { graph, input in
            let tensor = try baseline.tensor(of: graph.shape(of: input) ?? [], batch: batch)
            return AnyTensor(tensor).converted(to: graph[input].type ?? .float32)
        } composite: {
            .deepLIFT(reference: $0)
        }
    }

    package func gradients(in question: Question) throws -> [GradientRequest] {
        [.of(question.input, by: rules(batch: question.batch))]
    }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let input = question.question.input
        let rules = rules(batch: question.question.batch)
        let multipliers = try question.gradient(of: input, by: rules)
        let difference = question.emit("Sub", [input, question.reference(of: input, by: rules)])
        return question.emit("Mul", [multipliers, difference])
    }

    package func evidence(in question: inout QuestionGraph) throws -> [String: ValueID] {
        ["baseline score": try question.referenceScore(by: rules(batch: question.question.batch))]
    }

    package func checks(of result: Tensor<Float>, score: Double, evidence: [String: Double]) -> [SelfCheck] {
        guard let before = evidence["baseline score"] else { return [] }
        let sum = result.elements.reduce(0.0) { $0 + Double($1) }
        return [
            SelfCheck("baseline score", before, "the score of the baseline"),
            SelfCheck.completenessGap(explained: sum, of: score - before, "the difference to the baseline's score"),
        ]
    }
}

extension SelfCheck {
    /// How far a sum of shares is off, relative to what it should be.
    static func completenessGap(explained: Double, of total: Double, _ what: String) -> SelfCheck {
        let gap = abs(explained - total) / max(abs(total), 1e-12)
        return SelfCheck(
            "completeness gap", gap, "how far the map's sum is off \(what), relative to it; should be next to 0")
    }
}
