package import Tensors

/// Mean and variance of tensors, element by element, updated one tensor at a time in double precision
/// (Welford: Note on a method for calculating corrected sums of squares and products, 1962).
package struct RunningMoments: Sendable {
    /// How many tensors there were.
    package private(set) var count = 0
    private var means: [Double] = []
    /// Sums of squared differences from the mean.
    private var squares: [Double] = []
    private var shape: Shape = []

    package init() {}

    /// Takes a tensor; all are of one shape.
    ///
    /// - Parameter transform: What is averaged in place of an element.
    package mutating func add(_ tensor: Tensor<Float>, _ transform: (Double) -> Double = { $0 }) throws(TensorError) {
        if count == 0 {
            shape = tensor.shape
            means = [Double](repeating: 0, count: shape.count)
            squares = means
        }
        guard tensor.shape == shape else { throw .shapeMismatch(shape, tensor.shape) }
        count += 1
        let weight = 1 / Double(count)
        let elements = tensor.elements
        for index in elements.indices {
            let value = transform(Double(elements[index]))
            let difference = value - means[index]
            means[index] += difference * weight
            squares[index] += difference * (value - means[index])
        }
    }

    /// The mean.
    package var mean: Tensor<Float> { tensor(means) }

    /// The variance of the tensors that there were (not of what they are a sample of).
    package var populationVariance: Tensor<Float> { tensor(squares.map { $0 / Double(max(count, 1)) }) }

    /// How far the mean is from that of endless sampling, by one standard deviation; nil for fewer than two tensors.
    package var standardError: Tensor<Float>? {
        guard count > 1 else { return nil }
        return tensor(squares.map { ($0 / Double(count - 1) / Double(count)).squareRoot() })
    }

    /// The root of the mean squared standard error as a part of the root of the mean squared mean; nil where there is none.
    package var relativeStandardError: Double? {
        guard let error = standardError else { return nil }
        func energy(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } }
        let ratio = (energy(error.elements.map(Double.init)) / energy(means)).squareRoot()
        return ratio.isFinite ? ratio : nil
    }

    private func tensor(_ values: [Double]) -> Tensor<Float> {
        var tensor = Tensor<Float>(repeating: 0, shape: shape)
        tensor.mutateElements { $0 = values.map { Float($0) } }
        return tensor
    }
}
