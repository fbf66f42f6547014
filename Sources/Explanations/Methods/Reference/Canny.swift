/// Canny's edges of the picture: one pixel wide lines where brightness changes most.
package struct Canny: ProcedureMethod {
    static let sigma = MethodParameter<Double>.number(
        "sigma", 1, in: 0...100, "the deviation of the Gaussian filter before, in pixels")
    static let low = MethodParameter<Double>.number(
        "low", 0.1, in: 0...10, "how strong a gradient must be to continue an edge; white beside black has 4")
    static let high = MethodParameter<Double>.number(
        "high", 0.2, in: 0...10, "how strong a gradient must be to begin one; at least low")

    package static let description = MethodDescription(
        name: "canny", family: .reference,
        summary: "Canny's edges of the picture, 1 or 0, without the model: what an explanation must be more than.",
        formula: "M = places of locally largest gradient above low that touch, from place to place, one above high",
        paper: "Canny, A Computational Approach to Edge Detection, IEEE TPAMI 1986",
        result: ReferenceWords.result, place: .input, cost: "no pass through the model", fits: ReferenceWords.fits,
        remarks:
            "It knows nothing of the model: see sobel. Equals scikit-image's feature.canny. \(ReferenceWords.grey)",
        parameters: [sigma.description, low.description, high.description], display: .positive)

    private let sigma: Double
    private let low: Double
    private let high: Double

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        sigma = try parameters.value(Self.sigma)
        low = try parameters.value(Self.low)
        high = try parameters.value(Self.high)
        guard low <= high else { throw parameters.problem("high", "it is below low, \(low)") }
    }

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        ProcedureResult(edges(of: try experiment.greyPicture()).map)
    }

    /// 1 on edges, 0 beside them.
    package func edges(of picture: GreyPicture) -> GreyPicture {
        let strengths = thinned(smoothed(picture))
        let (height, width) = (picture.height, picture.width)
        var edges = [Double](repeating: 0, count: strengths.count)
        var open = strengths.indices.filter { strengths[$0] > 0 && strengths[$0] >= high }
        for place in open { edges[place] = 1 }
        while let place = open.popLast() {
            let (row, column) = (place / width, place % width)
            for line in max(row - 1, 0)...min(row + 1, height - 1) {
                for position in max(column - 1, 0)...min(column + 1, width - 1) {
                    let neighbour = line * width + position
                    if edges[neighbour] == 0, strengths[neighbour] > 0 {
                        edges[neighbour] = 1
                        open.append(neighbour)
                    }
                }
            }
        }
        return GreyPicture(height: height, width: width, values: edges)
    }

    /// A Gaussian mean of the pixels inside the picture.
    private func smoothed(_ picture: GreyPicture) -> GreyPicture {
        let blur = GaussianBlur(sigma: sigma, border: .zero)
        let (height, width) = (picture.height, picture.width)
        let sums = blur.applied(to: picture.values, height: height, width: width)
        let weights = blur.applied(
            to: [Double](repeating: 1, count: sums.count), height: height, width: width)
        // As scikit-image divides: the smallest step keeps empty places apart from zero.
        return GreyPicture(height: height, width: width, values: zip(sums, weights).map { $0 / ($1 + .ulpOfOne) })
    }

    /// The gradient's magnitude where it is at least `low` and no smaller than on either side of the edge; else 0. The border has none.
    private func thinned(_ picture: GreyPicture) -> [Double] {
        let (height, width) = (picture.height, picture.width)
        let (down, right) = picture.differences()
        let magnitudes = zip(down.values, right.values).map { ($0 * $0 + $1 * $1).squareRoot() }
        var result = [Double](repeating: 0, count: magnitudes.count)
        guard height > 2, width > 2 else { return result }
        for row in 1..<height - 1 {
            for column in 1..<width - 1 {
                let place = row * width + column
                let (vertical, horizontal) = (down.values[place], right.values[place])
                let magnitude = magnitudes[place]
                guard magnitude >= low, magnitude > 0 else { continue }
                // The neighbour along the larger component and the diagonal one, mixed by how far the gradient leans.
                let (rowStep, columnStep) = (vertical < 0 ? -width : width, horizontal < 0 ? -1 : 1)
                let straight = abs(vertical) > abs(horizontal) ? rowStep : columnStep
                let lean = min(abs(vertical), abs(horizontal)) / max(abs(vertical), abs(horizontal))
                let isLargest = [1, -1].allSatisfy { side in
                    magnitudes[place + side * (rowStep + columnStep)] * lean
                        + magnitudes[place + side * straight] * (1 - lean) <= magnitude
                }
                if isLargest { result[place] = magnitude }
            }
        }
        return result
    }
}
