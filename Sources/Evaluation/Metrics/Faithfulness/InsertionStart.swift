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
        func pass(_ values: [Double], stride: Int, length: Int, lines: Int, lineStride: Int) -> [Double] {
            var result = [Double](repeating: 0, count: values.count)
            for line in 0..<lines {
                for position in 0..<length {
                    var sum = 0.0
                    for (tap, weight) in kernel.enumerated() {
                        let source = position + tap - kernel.count / 2
                        if source >= 0, source < length {
                            sum += weight * values[line * lineStride + source * stride]
                        }
                    }
                    result[line * lineStride + position * stride] = sum
                }
            }
            return result
        }
        let along = pass(
            plane.elements.map(Double.init), stride: 1, length: width, lines: height, lineStride: width)
        let both = pass(along, stride: width, length: height, lines: width, lineStride: 1)
        var result = plane
        result.mutateElements { $0 = both.map { Float($0) } }
        return result
    }
}
