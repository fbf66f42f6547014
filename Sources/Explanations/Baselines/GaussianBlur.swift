import Foundation
package import Tensors

/// A separable Gaussian filter whose kernel ends at four standard deviations and sums to 1.
package struct GaussianBlur: Sendable, Hashable {
    /// What lies outside of a picture.
    package enum Border: String, Sendable, CaseIterable {
        /// The picture, mirrored at its edge, so that a constant stays constant.
        case reflect
        /// Zeros.
        case zero
    }

    /// The standard deviation in pixels; 0 changes nothing.
    package let sigma: Double
    package let border: Border

    package init(sigma: Double, border: Border = .reflect) {
        self.sigma = sigma
        self.border = border
    }

    /// A filtered map `[H, W]`.
    package func applied(to plane: Tensor<Float>) -> Tensor<Float> {
        guard sigma > 0 else { return plane }
        let values = applied(to: plane.elements.map(Double.init), height: plane.shape[0], width: plane.shape[1])
        var result = plane
        result.mutateElements { $0 = values.map { Float($0) } }
        return result
    }

    /// A filtered map, row by row.
    package func applied(to values: [Double], height: Int, width: Int) -> [Double] {
        guard sigma > 0 else { return values }
        let columns = Self.transposed(filtered(values, lines: height, length: width, along: axis(width)), height, width)
        return Self.transposed(
            filtered(columns, lines: width, length: height, along: axis(height)), width, height)
    }

    /// The filter along an axis of this length as a matrix: row i holds what position i is made of.
    package func matrix(_ length: Int) -> Tensor<Float> {
        var matrix = Tensor<Float>(repeating: 0, shape: [length, length])
        let rows = sigma > 0 ? axis(length) : (0..<length).map { ($0, [1]) }
        matrix.mutateElements { elements in
            for (row, (first, weights)) in rows.enumerated() {
                for (offset, weight) in weights.enumerated() { elements[row * length + first + offset] = Float(weight) }
            }
        }
        return matrix
    }

    /// For every position the first sample that it is made of, and the weights of that and the next ones.
    ///
    /// What the mirror folds back adds to the weights of the samples inside, so no sample is read twice.
    private func axis(_ length: Int) -> [(first: Int, weights: [Double])] {
        let kernel = self.kernel()
        let radius = kernel.count / 2
        return (0..<length).map { position in
            var weights = [Double](repeating: 0, count: length)
            for (tap, weight) in kernel.enumerated() {
                let source = position + tap - radius
                if (0..<length).contains(source) {
                    weights[source] += weight
                } else if border == .reflect {
                    let folded = ((source % (2 * length)) + 2 * length) % (2 * length)
                    weights[folded < length ? folded : 2 * length - 1 - folded] += weight
                }
            }
            let first = max(position - radius, 0)
            return (first, Array(weights[first...min(position + radius, length - 1)]))
        }
    }

    private func kernel() -> [Double] {
        // Wider than any picture, the kernel is flat.
        let sigma = min(self.sigma, 1e5)
        let radius = Int(4 * sigma + 0.5)
        let weights = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    private func filtered(
        _ values: [Double], lines: Int, length: Int, along axis: [(first: Int, weights: [Double])]
    ) -> [Double] {
        var result = [Double](repeating: 0, count: values.count)
        for line in 0..<lines {
            for (position, (first, weights)) in axis.enumerated() {
                var sum = 0.0
                let start = line * length + first
                for tap in weights.indices { sum += weights[tap] * values[start + tap] }
                result[line * length + position] = sum
            }
        }
        return result
    }

    private static func transposed(_ values: [Double], _ rows: Int, _ columns: Int) -> [Double] {
        var result = [Double](repeating: 0, count: values.count)
        for row in 0..<rows {
            for column in 0..<columns { result[column * rows + row] = values[row * columns + column] }
        }
        return result
    }
}
