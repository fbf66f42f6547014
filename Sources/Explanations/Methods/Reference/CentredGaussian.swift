import Foundation
import Tensors

/// A bell in the middle of the picture: where photographers put what they photograph.
package struct CentredGaussian: ProcedureMethod {
    static let sigma = MethodParameter<Double>.number(
        "sigma", 0.25, in: 0.001...100, "the deviation as a part of the side, along each side its own")

    package static let description = MethodDescription(
        name: "centred-gaussian", family: .reference,
        summary: "A bell in the middle, whatever the picture: objects are often there.",
        formula: "M(r, c) = exp(-((r - (H - 1) / 2) / (sigma H))² / 2 - ((c - (W - 1) / 2) / (sigma W))² / 2)",
        paper: "", result: ReferenceWords.result, place: .input, cost: "no pass through the model",
        fits: ReferenceWords.fits,
        remarks:
            "What localisation metrics give for a guess that looks at neither model nor picture: on photographs of one object it is hard to beat. A method that stays below it has found nothing.",
        parameters: [sigma.description], display: .positive)

    private let sigma: Double

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        sigma = try parameters.value(Self.sigma)
    }

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let planes = try experiment.planes()
        let (rows, columns) = (bell(planes.height), bell(planes.width))
        var map = Tensor<Float>(repeating: 0, shape: [1, planes.height, planes.width])
        map.mutateElements { $0 = rows.flatMap { row in columns.map { Float(row * $0) } } }
        return ProcedureResult(map)
    }

    private func bell(_ length: Int) -> [Double] {
        (0..<length).map { position in
            let distance = (Double(position) - Double(length - 1) / 2) / (sigma * Double(length))
            return exp(-distance * distance / 2)
        }
    }
}
