package import Tensors

/// Where the samples of a batch lie in a value: axis `axis` has the length `outer * batch * inner`, in this order.
///
/// `outer` and `inner` are 1 where the axis is the batch alone; a fold of windows `[batch * windows, …]` has
/// `inner == windows`.
package struct BatchAxis: Sendable, Hashable {
    package var axis: Int
    package var outer = 1
    package var inner = 1

    package init(_ axis: Int, outer: Int = 1, inner: Int = 1) {
        self.axis = axis
        self.outer = outer
        self.inner = inner
    }

    /// Whether the samples lie one behind the other along the first axis.
    package var isFirst: Bool { axis == 0 && outer == 1 && inner == 1 }

    /// The length of the axis for so many samples.
    package func length(for batch: Int) -> Int { outer * batch * inner }

    /// The same shape with another number of samples.
    package func shape(_ shape: Shape, for batch: Int) -> Shape {
        var dimensions = shape.dimensions
        dimensions[axis] = length(for: batch)
        return Shape(dimensions)
    }
}

extension AnyTensor {
    /// Whether every sample is the same, for `batch` samples at `place`.
    func isSame(along place: BatchAxis, batch: Int) throws(TensorError) -> Bool {
        guard batch > 1 else { return true }
        let (rows, blocks) = try sampleRows(place, batch: batch)
        let first = try rows.rows((0..<blocks).map { $0 * batch })
        for sample in 1..<batch where try rows.rows((0..<blocks).map { $0 * batch + sample }) != first { return false }
        return true
    }

    /// The tensor with its first sample `count` times instead of `batch` samples.
    func repeatingSample(_ place: BatchAxis, from batch: Int, to count: Int) throws(TensorError) -> AnyTensor {
        let (rows, blocks) = try sampleRows(place, batch: batch)
        let repeated = try rows.rows((0..<blocks).flatMap { Array(repeating: $0 * batch, count: count) })
        return try repeated.reshaped(place.shape(shape, for: count))
    }

    /// The samples' parts one behind the other: `blocks` runs of `batch` rows.
    private func sampleRows(_ place: BatchAxis, batch: Int) throws(TensorError) -> (rows: AnyTensor, blocks: Int) {
        let blocks = shape.dimensions[..<place.axis].reduce(place.outer, *)
        let size = shape.dimensions[(place.axis + 1)...].reduce(place.inner, *)
        return (try reshaped([blocks * batch, size]), blocks)
    }
}
