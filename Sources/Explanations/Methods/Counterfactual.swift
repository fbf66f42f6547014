/// The map of the negated score: what speaks against the class (Selvaraju et al. 2017).
package struct Counterfactual: ProcedureMethod {
    package static let description = MethodDescription(
        name: "negative", family: .composition,
        summary: "Another method's map of -S: what would have to go for a higher score.",
        formula: "L(-S)", paper: "Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, ICCV 2017, section 3.3",
        result: "that of the wrapped method", place: .input, cost: "the wrapped method's",
        fits: "what the wrapped method fits",
        remarks:
            "For Grad-CAM the negated map before its ReLU. A map against a class says little where no other class is in the picture; a contrast (--vs) names the other one.",
        parameters: [WrappedMethod.parameter(default: "gradcam")], display: .positive)

    private let method: WrappedMethod

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        method = try WrappedMethod(&parameters, default: "gradcam")
    }

    package var display: MethodDescription.Display? { method.display }

    package var requirements: [MethodRequirement] { [.method(method.specification)] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        try experiment.experiment(about: .combination([Target.Term(-1, experiment.target)]))
            .result(of: method.specification)
    }
}
