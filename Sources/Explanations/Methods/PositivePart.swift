import Tensors

/// The positive part of another method's map.
package struct PositivePart: ProcedureMethod {
    package static let description = MethodDescription(
        name: "positive", family: .composition, summary: "The positive part of another method's map.",
        formula: "max(L, 0)", paper: "", result: "that of the wrapped method", place: .input,
        cost: "the wrapped method's", fits: "what the wrapped method fits",
        remarks: "What speaks for the score: the ReLU that ends Grad-CAM in its paper.",
        parameters: [WrappedMethod.parameter(default: "gradcam")], display: .positive)

    private let method: WrappedMethod

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        method = try WrappedMethod(&parameters, default: "gradcam")
    }

    package var display: MethodDescription.Display? { method.display == .positive ? .positive : .magnitude }

    package var requirements: [MethodRequirement] { [.method(method.specification)] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let inner = try experiment.result(of: method.specification)
        // NaN stays what it is, so that it is seen.
        return ProcedureResult(inner.values.map { $0 < 0 ? 0 : $0 }, layer: inner.layer, notes: inner.notes)
    }
}
