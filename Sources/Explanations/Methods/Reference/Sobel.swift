/// The magnitude of the picture's gradient, by Sobel's kernels.
package struct Sobel: ProcedureMethod, ParameterFree {
    package static let description = MethodDescription(
        name: "sobel", family: .reference,
        summary: "Edges of the picture by Sobel's filter, without the model: what an explanation must be more than.",
        formula: "M = sqrt((d_y² + d_x²) / 2), d_y = ([-1 0 1] down, [1 2 1] / 4 across) * grey(x), d_x likewise",
        paper: "Sobel and Feldman, An Isotropic 3x3 Image Gradient Operator, 1968",
        result: ReferenceWords.result, place: .input, cost: "no pass through the model", fits: ReferenceWords.fits,
        remarks:
            "It knows nothing of the model. A map that resembles it shows the picture's edges, whatever the model learnt (Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018). Equals scikit-image's filters.sobel. \(ReferenceWords.grey)",
        display: .positive)

    package init() {}

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        ProcedureResult(Self.magnitude(of: try experiment.greyPicture()).map)
    }

    /// The gradient's magnitude, scaled so that a ramp of 1 a pixel along an axis gives √2.
    package static func magnitude(of picture: GreyPicture) -> GreyPicture {
        let (down, right) = picture.differences()
        let values = zip(down.values, right.values).map { (($0 * $0 + $1 * $1) / 32).squareRoot() }
        return GreyPicture(height: picture.height, width: picture.width, values: values)
    }
}
