/// The lengths of a tensor's axes, outermost first; `[]` is a scalar.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// One non-negative length per axis.
    public var dimensions: [Int]

    /// A shape with these axis lengths.
    public init(_ dimensions: [Int]) {
        self.dimensions = dimensions
    }

    /// A shape with these axis lengths.
    public init(arrayLiteral elements: Int...) {
        dimensions = elements
    }

    /// The number of axes.
    public var rank: Int { dimensions.count }

    /// The number of elements: the product of all lengths, 1 for a scalar.
    public var count: Int { dimensions.reduce(1, *) }

    /// The number of elements, or nil where a length is negative or the lengths multiply beyond `Int` (a hostile file).
    ///
    /// Lengths of zero do not excuse the others, so that `strides` of an accepted shape cannot overflow.
    public var checkedCount: Int? {
        var product = 1
        for dimension in dimensions {
            guard dimension >= 0 else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: max(1, dimension))
            guard !overflow else { return nil }
            product = next
        }
        return dimensions.contains(0) ? 0 : product
    }

    /// The length of one axis; negative axes count from the end.
    public subscript(axis: Int) -> Int { dimensions[axis < 0 ? axis + rank : axis] }

    /// Row-major distances, in elements, between neighbours along each axis.
    public var strides: [Int] {
        var strides = [Int](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * dimensions[axis + 1]
        }
        return strides
    }

    /// The shape that both shapes broadcast to by NumPy's rules, or nil where they do not fit.
    public func broadcast(with other: Shape) -> Shape? {
        let rank = max(self.rank, other.rank)
        var result = [Int](repeating: 1, count: rank)
        for axis in 1...max(rank, 1) where axis <= rank {
            let left = axis <= self.rank ? dimensions[self.rank - axis] : 1
            let right = axis <= other.rank ? other.dimensions[other.rank - axis] : 1
            guard left == right || left == 1 || right == 1 else { return nil }
            result[rank - axis] = left == 1 ? right : left
        }
        return Shape(result)
    }

    /// `[1, 3, 224, 224]`.
    public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}
