import Tensors

/// One everywhere: no opinion.
package struct Constant: ProcedureMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "constant", family: .reference, summary: "The same number everywhere: a map that says nothing.",
        formula: "M = 1",
        paper: "", result: ReferenceWords.result, place: .input, cost: "no pass through the model",
        fits: ReferenceWords.fits,
        remarks:
            "What a metric gives for no information at all: energy inside a box is the box's share of the picture. It ranks no pixel above another, so a curve over ranked pixels is a straight line between its ends.",
        display: .positive)

    package init() {}

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let planes = try experiment.planes()
        return ProcedureResult(Tensor(repeating: 1, shape: [1, planes.height, planes.width]))
    }
}
