/// A dense array of `Scalar`s: contiguous, row-major (the last axis is the fastest).
public struct Tensor<Scalar: TensorScalar>: Sendable, Hashable {
    /// The lengths of the axes.
    public let shape: Shape
    /// All elements in row-major order; always `shape.count` of them.
    public private(set) var elements: [Scalar]

    /// A tensor of these elements; fails where their number is not `shape.count`.
    public init(shape: Shape, elements: [Scalar]) throws(TensorError) {
        guard shape.checkedCount == elements.count else {
            throw .elementCount(shape: shape, found: elements.count)
        }
        self.shape = shape
        self.elements = elements
    }

    /// A tensor in which every element is `value`.
    public init(repeating value: Scalar, shape: Shape) {
        self.shape = shape
        elements = [Scalar](repeating: value, count: shape.count)
    }

    /// A scalar tensor of shape `[]`.
    public init(_ scalar: Scalar) {
        shape = []
        elements = [scalar]
    }

    /// A vector of shape `[n]`.
    public init(vector: [Scalar]) {
        shape = [vector.count]
        elements = vector
    }

    /// The element at one index per axis.
    public subscript(indices: Int...) -> Scalar {
        get { elements[offset(indices)] }
        set { elements[offset(indices)] = newValue }
    }

    /// Edits the elements in place; `body` must not change their number.
    public mutating func mutateElements(_ body: (inout [Scalar]) -> Void) {
        body(&elements)
        precondition(elements.count == shape.count, "the number of elements must stay \(shape.count)")
    }

    /// The same elements under another shape of the same count.
    public func reshaped(_ shape: Shape) throws(TensorError) -> Tensor {
        try Tensor(shape: shape, elements: elements)
    }

    /// The sub-tensor at `index` of the first axis, which is dropped.
    public func slice(_ index: Int) -> Tensor {
        let rest = Shape(Array(shape.dimensions.dropFirst()))
        let size = rest.count
        var result = Tensor(repeating: .zero, shape: rest)
        result.elements = Array(elements[index * size..<(index + 1) * size])
        return result
    }

    /// Applies `transform` to every element.
    public func map<Result: TensorScalar>(_ transform: (Scalar) -> Result) -> Tensor<Result> {
        var result = Tensor<Result>(repeating: .zero, shape: shape)
        result.mutateElements { $0 = elements.map(transform) }
        return result
    }

    /// Joins tensors of equal shape along a new first axis.
    public static func stacking(_ tensors: [Tensor]) throws(TensorError) -> Tensor {
        guard let first = tensors.first else { return Tensor(repeating: .zero, shape: [0]) }
        for tensor in tensors where tensor.shape != first.shape {
            throw .shapeMismatch(first.shape, tensor.shape)
        }
        return try Tensor(
            shape: Shape([tensors.count] + first.shape.dimensions), elements: tensors.flatMap(\.elements))
    }

    private func offset(_ indices: [Int]) -> Int {
        precondition(indices.count == shape.rank, "\(indices.count) indices for a tensor of rank \(shape.rank)")
        return zip(indices, shape.strides).reduce(0) { $0 + $1.0 * $1.1 }
    }
}

extension Tensor where Scalar: Comparable & Numeric {
    /// The position of the largest element, the first of equals; nil for an empty tensor.
    public var indexOfMaximum: Int? {
        elements.indices.max { elements[$0] < elements[$1] || (elements[$0] == elements[$1] && $0 > $1) }
    }
}
