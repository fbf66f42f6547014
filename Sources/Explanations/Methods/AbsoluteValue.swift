import Tensors

/// The absolute value of another method's map.
package struct AbsoluteValue: ProcedureMethod {
    package static let description = MethodDescription(
        name: "absolute", family: .composition, summary: "The absolute value of another method's map.",
        formula: "|L|", paper: "", result: "that of the wrapped method", place: .input, cost: "the wrapped method's",
        fits: "what the wrapped method fits",
        remarks: "How strongly a place matters, whether it speaks for the score or against it.",
        parameters: [WrappedMethod.parameter(default: "gradient")], display: .magnitude)

    private let method: WrappedMethod

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        method = try WrappedMethod(&parameters, default: "gradient")
    }

    package var display: MethodDescription.Display? { method.display == .positive ? .positive : .magnitude }

    package var requirements: [MethodRequirement] { [.method(method.specification)] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let inner = try experiment.result(of: method.specification)
        return ProcedureResult(inner.values.map { abs($0) }, layer: inner.layer, notes: inner.notes)
    }
}
