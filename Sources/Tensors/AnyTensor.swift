public import struct Foundation.Data

/// A tensor whose element type is known only at run time; its bytes are little-endian and row-major.
///
/// This is how weights and the engine's inputs and outputs travel: bytes are shared, never converted without need.
public struct AnyTensor: Sendable, Hashable {
    /// The type of the elements.
    public let elementType: ElementType
    /// The lengths of the axes.
    public let shape: Shape
    /// `shape.count * elementType.byteCount` bytes.
    public let bytes: Data

    /// A tensor over raw bytes; fails where their number does not fit.
    public init(elementType: ElementType, shape: Shape, bytes: Data) throws(TensorError) {
        guard let count = shape.checkedCount,
            case (let size, let overflow) = count.multipliedReportingOverflow(by: elementType.byteCount),
            !overflow, size == bytes.count
        else { throw .byteCount(type: elementType, shape: shape, found: bytes.count) }
        self.elementType = elementType
        self.shape = shape
        // A `Bool` of any other byte than 0 and 1 would be undefined in Swift.
        self.bytes = elementType == .bool && bytes.contains { $0 > 1 } ? Data(bytes.map { $0 == 0 ? 0 : 1 }) : bytes
    }

    /// A tensor of zeros.
    public init(zeros elementType: ElementType, shape: Shape) {
        self.elementType = elementType
        self.shape = shape
        bytes = Data(count: shape.count * elementType.byteCount)
    }

    /// The same tensor with its type erased.
    public init<Scalar: TensorScalar>(_ tensor: Tensor<Scalar>) {
        elementType = Scalar.elementType
        shape = tensor.shape
        bytes = ScalarCodec.bytes(of: tensor.elements)
    }

    /// The same bytes under another shape of the same count.
    public func reshaped(_ shape: Shape) throws(TensorError) -> AnyTensor {
        try AnyTensor(elementType: elementType, shape: shape, bytes: bytes)
    }

    /// The tensor with its type; fails where `Scalar` is another type (see `converted(to:)`).
    public func typed<Scalar: TensorScalar>(as type: Scalar.Type = Scalar.self) throws(TensorError) -> Tensor<Scalar> {
        guard Scalar.elementType == elementType else {
            throw .elementType(expected: Scalar.elementType, found: elementType)
        }
        return try Tensor(shape: shape, elements: ScalarCodec.scalars(in: bytes))
    }

    /// Every element as `Float`: numbers are rounded to float32, truth values become 0 and 1.
    public var floats: [Float] {
        switch elementType {
        case .float32: ScalarCodec.scalars(in: bytes)
        case .float64: ScalarCodec.scalars(in: bytes, as: Double.self).map { Float($0) }
        case .float16: ScalarCodec.scalars(in: bytes, as: Float16.self).map { Float($0) }
        case .bfloat16: ScalarCodec.scalars(in: bytes, as: BFloat16.self).map { Float($0) }
        default: integers.map { Float($0) }
        }
    }

    /// Every element as `Float`, with its shape.
    public var floatTensor: Tensor<Float> {
        var result = Tensor<Float>(repeating: 0, shape: shape)
        let values = floats
        result.mutateElements { $0 = values }
        return result
    }

    /// Every element as `Int`: truncated towards zero, clamped to the range of `Int`; NaN becomes 0.
    public var integers: [Int] {
        switch elementType {
        case .float32, .float64, .float16, .bfloat16:
            floats.map { $0.isNaN ? 0 : Int(exactly: $0.rounded(.towardZero)) ?? ($0 < 0 ? Int.min : Int.max) }
        case .bool, .uint8: ScalarCodec.scalars(in: bytes, as: UInt8.self).map { Int($0) }
        case .int8: ScalarCodec.scalars(in: bytes, as: Int8.self).map { Int($0) }
        case .uint16: ScalarCodec.scalars(in: bytes, as: UInt16.self).map { Int($0) }
        case .int16: ScalarCodec.scalars(in: bytes, as: Int16.self).map { Int($0) }
        case .int32: ScalarCodec.scalars(in: bytes, as: Int32.self).map { Int($0) }
        case .uint32: ScalarCodec.scalars(in: bytes, as: UInt32.self).map { Int($0) }
        case .int64: ScalarCodec.scalars(in: bytes, as: Int64.self).map { Int($0) }
        case .uint64: ScalarCodec.scalars(in: bytes, as: UInt64.self).map { Int(clamping: $0) }
        }
    }
}
