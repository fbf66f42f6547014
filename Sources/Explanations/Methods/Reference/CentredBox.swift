import Tensors

/// A box in the middle of the picture: the guess that any localisation has to beat.
package struct CentredBox: ProcedureMethod {
    static let area = MethodParameter<Double>.number(
        "area", 0.5, in: 0.0001...1, "the box's part of the picture's area; its proportions are the picture's")

    package static let description = MethodDescription(
        name: "centred-box", family: .reference,
        summary: "A box in the middle, whatever the picture: the same guess for every object.",
        formula:
            "M(r, c) = 1 where |(r + 1/2) / H - 1/2| and |(c + 1/2) / W - 1/2| are below sqrt(area) / 2, else 0",
        paper: "", result: ReferenceWords.result, place: .input, cost: "no pass through the model",
        fits: ReferenceWords.fits,
        remarks:
            "What localisation metrics give for a box that looks at neither model nor picture. Ranks of pixels do not exist in it, so faithfulness metrics say nothing about it: see centred-gaussian.",
        parameters: [area.description], display: .positive)

    private let area: Double

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        area = try parameters.value(Self.area)
    }

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let planes = try experiment.planes()
        let half = area.squareRoot() / 2
        func isInside(_ position: Int, of length: Int) -> Bool {
            abs((Double(position) + 0.5) / Double(length) - 0.5) < half
        }
        var map = Tensor<Float>(repeating: 0, shape: [1, planes.height, planes.width])
        map.mutateElements { elements in
            for row in 0..<planes.height where isInside(row, of: planes.height) {
                for column in 0..<planes.width where isInside(column, of: planes.width) {
                    elements[row * planes.width + column] = 1
                }
            }
        }
        return ProcedureResult(map)
    }
}
