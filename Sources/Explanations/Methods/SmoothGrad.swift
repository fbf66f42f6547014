package import Graphs

/// The mean of a method's maps over noisy copies of the input (Smilkov et al. 2017).
package struct SmoothGrad: CompilableProcedure {
    package static let description = MethodDescription(
        name: "smoothgrad", family: .gradient,
        summary: "The mean gradient, or other map, over noisy copies of the input.",
        formula: "1/n Σ_i ∂S/∂x (x + ε_i),   ε_i ~ N(0, (sigma (max x - min x))²)",
        paper: "Smilkov, Thorat, Kim, Viégas, Wattenberg: SmoothGrad, 2017 (arXiv 1706.03825)",
        result: "the input's shape; that of the wrapped method", place: .input,
        cost: "samples times the wrapped method: 50 forward and backward passes by default",
        fits: "what the wrapped method fits",
        remarks:
            "Passes the parameter-randomisation check of Adebayo et al. 2018. Signed; the PAIR library's default takes squares, which is smoothgrad-squared here. captum's sigma is absolute and 1 by default.",
        parameters: NoisyCopies.parameters().descriptions + [WrappedMethod.parameter(default: "gradient")],
        display: .magnitude)

    private let copies: NoisyCopies
    private let method: WrappedMethod

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        copies = try NoisyCopies(&parameters)
        method = try WrappedMethod(&parameters, default: "gradient")
    }

    package var display: MethodDescription.Display? { method.display }

    package var requirements: [MethodRequirement] { [.method(method.specification)] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let (moments, stream) = try experiment.moments(of: method, over: copies)
        return ProcedureResult(mean: moments, of: stream)
    }

    package func result(in experiment: inout ExperimentGraph) throws -> ValueID {
        try experiment.mean(of: method, over: copies)
    }
}
