package import Tensors

/// The straight way from one input to another.
package struct StraightLine: Sendable {
    package let start: Tensor<Float>
    package let end: Tensor<Float>

    package init(from start: Tensor<Float>, to end: Tensor<Float>) {
        self.start = start
        self.end = end
    }

    /// `start + position (end - start)`.
    package func point(_ position: Double) -> Tensor<Float> {
        var point = end
        let first = start.elements
        point.mutateElements { elements in
            for index in elements.indices {
                let from = Double(first[index])
                elements[index] = Float(from + position * (Double(elements[index]) - from))
            }
        }
        return point
    }
}
