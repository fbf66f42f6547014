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
            "models whose operators have multipliers: convolutions, activations, poolings, gates, normalisations, attention, recurrent cells",
        remarks:
            "Complete by construction; the check says how far rounding and operators without a multiplier move it. Depends on the baseline, and the input shows through as in gradient-x-input: like those it looks alike for randomised models (Adebayo et al. 2018 for the family). Not the same for two spellings of one function (Sundararajan, Taly, Yan 2017).",
        parameters: [baseline.description], display: .signed)

    private static let baseline = MethodParameter<Baseline>(
        "baseline", Baseline(0), written: "0",
        "what the input is compared with, in the model's own units; a number or FILE.npy"
    ) { text in
        // Backward rules have no picture whose mean or blur they could take.
        let baseline = try Baseline(parsing: text)
        switch baseline?.kinds.count == 1 ? baseline?.kinds.first : nil {
        case .number, .file: return baseline
        case .black, .white, .mean, .blur, .noise, nil: return nil
        }
    }

    private let baseline: Baseline

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        baseline = try parameters.value(Self.baseline)
    }

    private func rules(batch: Int) -> BackwardRules {
        let baseline = self.baseline
        return BackwardRules(name: "deeplift(\(baseline.text))") { graph, input in
            let tensor = try baseline.constant(of: graph.shape(of: input) ?? [], batch: batch)
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
        return [
            SelfCheck("baseline score", before, "the score of the baseline")
        ] + CompletenessGap(result.elements, difference: score - before).checks()
    }
}

extension Baseline {
    /// A number or a file as an input of `batch` samples.
    fileprivate func constant(of shape: Shape, batch: Int) throws -> Tensor<Float> {
        switch kinds[0] {
        case .number(let number): return Tensor(repeating: number, shape: shape)
        case .file(let sample):
            let count = shape.count / max(batch, 1)
            guard sample.elements.count == count else {
                throw problem(
                    "'\(text)' has shape \(sample.shape), and one sample of the input \(shape) has \(count) numbers")
            }
            let samples = [Tensor<Float>](repeating: sample, count: max(batch, 1))
            return try Tensor(shape: shape, elements: samples.flatMap(\.elements))
        case .black, .white, .mean, .blur, .noise: throw problem("it takes a number or FILE.npy")
        }
    }

    private func problem(_ reason: String) -> ExplanationError {
        .parameter(method: DeepLIFT.description.name, name: "baseline", reason: reason)
    }
}
