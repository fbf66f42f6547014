/// A Swift type that can be a tensor's element; its memory is what ONNX calls `raw_data` (little-endian).
public protocol TensorScalar: BitwiseCopyable, Sendable, Hashable {
    /// The ONNX type that it stands for.
    static var elementType: ElementType { get }
    /// The additive identity, `false` for truth values.
    static var zero: Self { get }
}

extension Float: TensorScalar {
    /// ONNX's float32.
    public static var elementType: ElementType { .float32 }
}
extension Double: TensorScalar {
    /// ONNX's float64.
    public static var elementType: ElementType { .float64 }
}
extension Float16: TensorScalar {
    /// ONNX's float16.
    public static var elementType: ElementType { .float16 }
}
extension Int8: TensorScalar {
    /// ONNX's int8.
    public static var elementType: ElementType { .int8 }
}
extension Int16: TensorScalar {
    /// ONNX's int16.
    public static var elementType: ElementType { .int16 }
}
extension Int32: TensorScalar {
    /// ONNX's int32.
    public static var elementType: ElementType { .int32 }
}
extension Int64: TensorScalar {
    /// ONNX's int64.
    public static var elementType: ElementType { .int64 }
}
extension UInt8: TensorScalar {
    /// ONNX's uint8.
    public static var elementType: ElementType { .uint8 }
}
extension UInt16: TensorScalar {
    /// ONNX's uint16.
    public static var elementType: ElementType { .uint16 }
}
extension UInt32: TensorScalar {
    /// ONNX's uint32.
    public static var elementType: ElementType { .uint32 }
}
extension UInt64: TensorScalar {
    /// ONNX's uint64.
    public static var elementType: ElementType { .uint64 }
}
extension BFloat16: TensorScalar {
    /// ONNX's bfloat16.
    public static var elementType: ElementType { .bfloat16 }
    /// Positive zero.
    public static var zero: BFloat16 { BFloat16(bitPattern: 0) }
}
extension Bool: TensorScalar {
    /// ONNX's bool.
    public static var elementType: ElementType { .bool }
    /// `false`.
    public static var zero: Bool { false }
}
