package import Graphs

/// The variance of a method's maps over noisy copies of the input (Adebayo et al. 2018).
package struct VarGrad: CompilableProcedure {
    package static let description = MethodDescription(
        name: "vargrad", family: .gradient,
        summary: "The variance of the gradient, or other map, over noisy copies of the input.",
        formula: "1/n Σ_i (g_i - ḡ)²,   g_i = ∂S/∂x (x + ε_i),   ε_i ~ N(0, (sigma (max x - min x))²)",
        paper:
            "Adebayo, Gilmer, Goodfellow, Kim: Local Explanation Methods for Deep Neural Networks, ICLR workshop 2018",
        result: "the input's shape; that of the wrapped method", place: .input,
        cost: "samples times the wrapped method: 50 forward and backward passes by default",
        fits: "what the wrapped method fits",
        remarks:
            "Zero for a linear model: the size of the gradient does not show, only how much it changes around the input (Seo et al. 2018). The variance is that of the population (divided by n).",
        parameters: NoisyCopies.parameters().descriptions + [WrappedMethod.parameter(default: "gradient")],
        display: .magnitude)

    private let copies: NoisyCopies
    private let method: WrappedMethod

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        copies = try NoisyCopies(&parameters)
        method = try WrappedMethod(&parameters, default: "gradient")
    }

    package var display: MethodDescription.Display? { method.display == .positive ? .positive : .magnitude }

    package var requirements: [MethodRequirement] { [.method(method.specification)] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let (moments, stream) = try experiment.moments(of: method, over: copies)
        var checks = [SelfCheck("samples", Double(moments.count), "how many maps there were")]
        if moments.count > 1 {
            checks.append(
                SelfCheck(
                    "standard error", (2 / Double(moments.count - 1)).squareRoot(),
                    "how far a variance is from that of endless sampling, as a part of itself, if maps are normally distributed"
                ))
        }
        return ProcedureResult(moments.populationVariance, layer: stream.layer, checks: checks)
    }

    package func result(in experiment: inout ExperimentGraph) throws -> ValueID {
        try experiment.variance(of: method, over: copies)
    }
}
