/// The squares of integrated gradients averaged over noisy copies of the input (Hooker et al. 2019).
package struct IGSmoothGradSquared: ProcedureMethod {
    package static let description = MethodDescription(
        name: "ig-smoothgrad-squared", family: .gradient,
        summary: "The mean of squared integrated gradients over noisy copies of the input.",
        formula: "1/n Σ_i IG(x + ε_i)²,   ε_i ~ N(0, (sigma (max x - min x))²)",
        paper: "Hooker, Erhan, Kindermans, Kim: A Benchmark for Interpretability Methods, NeurIPS 2019",
        result: "the input's shape", place: .input,
        cost: "samples times steps forward and backward passes: 1250 by default",
        fits: "models with backward rules throughout",
        remarks: "smoothgrad-squared:of=integrated-gradients by a name of its own; never negative.",
        parameters: IGSmoothGrad.copies.descriptions + IntegratedGradients.description.parameters, display: .magnitude)

    private let copies: NoisyCopies
    private let method: WrappedMethod

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        copies = try NoisyCopies(&parameters, IGSmoothGrad.copies)
        method = try WrappedMethod(always: "integrated-gradients", &parameters)
    }

    package var requirements: [MethodRequirement] { [.method(method.specification)] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let (moments, stream) = try experiment.moments(of: method, over: copies) { $0 * $0 }
        return ProcedureResult(mean: moments, of: stream)
    }
}
