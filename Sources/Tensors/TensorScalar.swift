/// A Swift type that can be a tensor's element; its memory is what ONNX calls `raw_data` (little-endian).
public protocol TensorScalar: BitwiseCopyable, Sendable, Hashable {
    /// The ONNX type that it stands for.
    static var elementType: ElementType { get }
    /// The additive identity, `false` for truth values.
    static var zero: Self { get }
}

extension Float: TensorScalar { public static var elementType: ElementType { .float32 } }
extension Double: TensorScalar { public static var elementType: ElementType { .float64 } }
extension Float16: TensorScalar { public static var elementType: ElementType { .float16 } }
extension Int8: TensorScalar { public static var elementType: ElementType { .int8 } }
extension Int16: TensorScalar { public static var elementType: ElementType { .int16 } }
extension Int32: TensorScalar { public static var elementType: ElementType { .int32 } }
extension Int64: TensorScalar { public static var elementType: ElementType { .int64 } }
extension UInt8: TensorScalar { public static var elementType: ElementType { .uint8 } }
extension UInt16: TensorScalar { public static var elementType: ElementType { .uint16 } }
extension UInt32: TensorScalar { public static var elementType: ElementType { .uint32 } }
extension UInt64: TensorScalar { public static var elementType: ElementType { .uint64 } }
extension BFloat16: TensorScalar {
    public static var elementType: ElementType { .bfloat16 }
    public static var zero: BFloat16 { BFloat16(bitPattern: 0) }
}
extension Bool: TensorScalar {
    public static var elementType: ElementType { .bool }
    public static var zero: Bool { false }
}
