package import Tensors

extension Tensor where Scalar == Float {
    /// The tensor with an axis of rows in front, `[rows, …]`: where its first axis holds several pictures of every row, they get an axis
    /// of their own, `[rows, pictures, …]`; as it is where it cannot be divided like that.
    package func divided(into rows: Int) throws(TensorError) -> Tensor<Float> {
        guard let first = shape.dimensions.first, first != rows, rows > 0, first % rows == 0 else { return self }
        return try reshaped(Shape([rows, first / rows] + shape.dimensions.dropFirst()))
    }

    /// Tensors joined along their first axes.
    ///
    /// - Throws: `TensorError.shapeMismatch` where their other axes differ, or there are none.
    package static func concatenating(_ parts: [Tensor<Float>]) throws(TensorError) -> Tensor<Float> {
        guard let first = parts.first, first.shape.rank > 0 else { throw .shapeMismatch([], []) }
        let rest = first.shape.dimensions.dropFirst()
        if let stray = parts.first(where: { $0.shape.dimensions.dropFirst() != rest }) {
            throw .shapeMismatch(stray.shape, first.shape)
        }
        return try Tensor(
            shape: Shape([parts.reduce(0) { $0 + $1.shape[0] }] + rest), elements: parts.flatMap(\.elements))
    }
}
