package import Graphs

/// The mean of the squares of a method's maps over noisy copies of the input (Hooker et al. 2019).
package struct SmoothGradSquared: CompilableProcedure {
    package static let description = MethodDescription(
        name: "smoothgrad-squared", family: .gradient,
        summary: "The mean squared gradient, or other map, over noisy copies of the input.",
        formula: "1/n Σ_i (∂S/∂x (x + ε_i))²,   ε_i ~ N(0, (sigma (max x - min x))²)",
        paper: "Hooker, Erhan, Kindermans, Kim: A Benchmark for Interpretability Methods, NeurIPS 2019",
        result: "the input's shape; that of the wrapped method", place: .input,
        cost: "samples times the wrapped method: 50 forward and backward passes by default",
        fits: "what the wrapped method fits",
        remarks:
            "Never negative: it says where the score is sensitive, not in which direction. Ranks pixels better than smoothgrad in the remove-and-retrain benchmark of its paper.",
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
        let (moments, stream) = try experiment.moments(of: method, over: copies) { $0 * $0 }
        return ProcedureResult(mean: moments, of: stream)
    }

    package func result(in experiment: inout ExperimentGraph) throws -> ValueID {
        try experiment.mean(of: method, over: copies) { experiment, map in
            experiment.nodes.emit("Mul", [map, map])
        }
    }
}
