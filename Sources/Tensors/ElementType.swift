/// The type of a tensor's elements; raw values are ONNX's `TensorProto.DataType` codes.
public enum ElementType: Int32, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case float32 = 1
    case uint8 = 2
    case int8 = 3
    case uint16 = 4
    case int16 = 5
    case int32 = 6
    case int64 = 7
    case bool = 9
    case float16 = 10
    case float64 = 11
    case uint32 = 12
    case uint64 = 13
    case bfloat16 = 16

    /// The size of one element in bytes.
    public var byteCount: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16, .float16, .bfloat16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    /// Whether gradients can flow through values of this type.
    public var isFloatingPoint: Bool {
        switch self {
        case .float32, .float16, .float64, .bfloat16: true
        default: false
        }
    }

    /// A short name: `f32`, `i64`, `bool`.
    public var description: String {
        switch self {
        case .float32: "f32"
        case .uint8: "u8"
        case .int8: "i8"
        case .uint16: "u16"
        case .int16: "i16"
        case .int32: "i32"
        case .int64: "i64"
        case .bool: "bool"
        case .float16: "f16"
        case .float64: "f64"
        case .uint32: "u32"
        case .uint64: "u64"
        case .bfloat16: "bf16"
        }
    }
}
