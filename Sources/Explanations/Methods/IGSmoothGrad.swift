/// Integrated gradients averaged over noisy copies of the input (Adebayo et al. 2018).
package struct IGSmoothGrad: ProcedureMethod {
    package static let description = MethodDescription(
        name: "ig-smoothgrad", family: .gradient,
        summary: "The mean of integrated gradients over noisy copies of the input.",
        formula: "1/n Σ_i IG(x + ε_i),   ε_i ~ N(0, (sigma (max x - min x))²)",
        paper: "Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim: Sanity Checks for Saliency Maps, NeurIPS 2018",
        result: "the input's shape", place: .input,
        cost: "samples times steps forward and backward passes: 1250 by default",
        fits: "models with backward rules throughout",
        remarks:
            "smoothgrad:of=integrated-gradients by the name that the literature gives it. The input shows through, as in integrated gradients.",
        parameters: copies.descriptions + IntegratedGradients.description.parameters, display: .signed)

    static let copies = NoisyCopies.parameters(samples: 25)

    private let copies: NoisyCopies
    private let method: WrappedMethod

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        copies = try NoisyCopies(&parameters, Self.copies)
        method = try WrappedMethod(always: "integrated-gradients", &parameters)
    }

    package var requirements: [MethodRequirement] { [.method(method.specification)] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let (moments, stream) = try experiment.moments(of: method, over: copies)
        return ProcedureResult(mean: moments, of: stream)
    }
}
