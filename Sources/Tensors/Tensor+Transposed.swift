extension Tensor {
    /// The tensor with its axes in another order: axis `i` of the result is axis `order[i]` of this one.
    ///
    /// - Precondition: `order` names every axis once.
    package func transposed(_ order: [Int]) -> Tensor {
        precondition(order.sorted() == Array(shape.dimensions.indices), "an order names every axis once")
        let lengths = order.map { shape[$0] }
        let strides = order.map { shape.strides[$0] }
        var result = Tensor(repeating: .zero, shape: Shape(lengths))
        guard shape.count > 0 else { return result }
        var position = [Int](repeating: 0, count: order.count)
        var offset = 0
        result.mutateElements { target in
            for index in target.indices {
                target[index] = elements[offset]
                for axis in order.indices.reversed() {
                    position[axis] += 1
                    offset += strides[axis]
                    guard position[axis] == lengths[axis] else { break }
                    offset -= lengths[axis] * strides[axis]
                    position[axis] = 0
                }
            }
        }
        return result
    }
}
