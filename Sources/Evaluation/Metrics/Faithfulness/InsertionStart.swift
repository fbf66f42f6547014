package import Explanations
package import Tensors

/// The picture that insertion begins with.
package enum InsertionStart: Sendable {
    /// RISE's blur: 11 x 11 taps of a Gaussian of 5 pixels, zeros around the picture.
    case blur
    /// One of the pictures that say nothing.
    case baseline(Baseline)

    package static let parameter = MethodParameter<InsertionStart>(
        "baseline", .blur, written: "rise-blur",
        "what the picture is before: rise-blur (a Gaussian of 5 pixels, 11 x 11 taps, zeros around the picture), or 0, a number, black, white, mean, blur[:SIGMA], noise[:SEED], FILE.npy"
    ) { text in
        if text == "rise-blur" { return .blur }
        return try Baseline(parsing: text).flatMap { $0.kinds.count == 1 ? .baseline($0) : nil }
    }

    private static let taps = 11
    private static let sigma = 5.0

    package func picture(for experiment: Experiment) throws -> Tensor<Float> {
        switch self {
        case .baseline(let baseline): return try baseline.input(for: experiment)
        case .blur:
            let planes = try experiment.planes()
            // The kernel is a single bright pixel among 11, blurred with mirrored borders: what the filter's tails fold
            // back makes it flatter than a cut-off Gaussian.
            let matrix = GaussianBlur(sigma: Self.sigma).matrix(Self.taps).elements
            let kernel = (0..<Self.taps).map { Double(matrix[$0 * Self.taps + Self.taps / 2]) }
            return planes.picture(
                (0..<planes.channels).map { channel in
                    Self.filtered(planes.plane(channel, of: experiment.input), by: kernel)
                }, like: experiment.input)
        }
    }

    private static func filtered(_ plane: Tensor<Float>, by kernel: [Double]) -> Tensor<Float> {
        let (height, width) = (plane.shape[0], plane.shape[1])
        // Tap by tap over whole rows, which the processor does several pixels at a time.
        func pass(_ values: [Double], rows: Bool) -> [Double] {
            var result = [Double](repeating: 0, count: values.count)
            for (tap, weight) in kernel.enumerated() {
                let shift = tap - kernel.count / 2
                for row in 0..<height {
                    let source = rows ? row : row + shift
                    guard (0..<height).contains(source) else { continue }
                    let columns = rows ? max(-shift, 0)..<max(width - max(shift, 0), max(-shift, 0)) : 0..<width
                    let offset = source * width + (rows ? shift : 0)
                    for column in columns { result[row * width + column] += weight * values[offset + column] }
                }
            }
            return result
        }
        let both = pass(pass(plane.elements.map(Double.init), rows: true), rows: false)
        var result = plane
        result.mutateElements { $0 = both.map { Float($0) } }
        return result
    }
}
