import Tensors

import struct Foundation.Data

/// A value that the engine computed.
@safe struct EngineValue {
    /// The engine's code for tensors among the kinds of values.
    static let tensorKind: Int32 = 1

    private let handle: EngineHandle
    private let interface: EngineInterface

    init(_ handle: EngineHandle, interface: EngineInterface) {
        self.handle = handle
        self.interface = interface
    }

    /// The value as a tensor, copied once; `name` is for errors.
    func tensor(_ name: String) throws -> AnyTensor {
        let operation = "read “\(name)”"
        let kind: Int32 = try unsafe interface.number(operation) { unsafe interface.valueKind(handle.pointer, $0) }
        guard kind == Self.tensorKind else {
            throw RuntimeError.unsupportedType(name: name, type: Self.name(ofKind: kind))
        }
        let type = try unsafe interface.handle(operation, releasedBy: interface.releaseTensorType) {
            unsafe interface.valueTensorType(handle.pointer, $0)
        }
        let code: Int32 = try unsafe interface.number(operation) { unsafe interface.elementType(type.pointer, $0) }
        guard let elementType = ElementType(rawValue: code) else {
            throw RuntimeError.unsupportedType(name: name, type: Self.name(ofElementType: code))
        }
        let shape = Shape(try unsafe Self.dimensions(of: type.pointer, name, interface: interface).map { Int($0) })
        var data: UnsafeMutableRawPointer?
        try unsafe interface.check(operation, interface.tensorData(handle.pointer, &data))
        // The engine computed this many elements, so the product cannot overflow; an empty tensor may have no address.
        let size = (shape.checkedCount ?? 0) * elementType.byteCount
        let bytes = unsafe data.map { unsafe Data(bytes: $0, count: size) } ?? Data()
        return try AnyTensor(elementType: elementType, shape: shape, bytes: bytes)
    }

    /// The lengths of a tensor type's axes; negative where they vary.
    static func dimensions(
        of tensorType: OpaquePointer, _ name: String, interface: EngineInterface
    ) throws(RuntimeError) -> [Int64] {
        let operation = "tell the shape of “\(name)”"
        let count: Int = try unsafe interface.number(operation) { unsafe interface.dimensionCount(tensorType, $0) }
        var lengths = [Int64](repeating: 0, count: max(0, count))
        try unsafe interface.check(operation, interface.dimensions(tensorType, &lengths, lengths.count))
        return lengths
    }

    /// The name of a kind of value, by the engine's code.
    static func name(ofKind kind: Int32) -> String {
        let names = ["unknown", "tensor", "sequence", "map", "opaque", "sparse tensor", "optional"]
        return names.indices.contains(Int(kind)) ? names[Int(kind)] : "unknown"
    }

    /// The name of an element type, by ONNX's code.
    static func name(ofElementType code: Int32) -> String {
        if let type = ElementType(rawValue: code) { return "\(type)" }
        switch code {
        case 8: return "string"
        case 14, 15: return "complex"
        case 17...20: return "float8"
        case 21, 22: return "int4"
        default: return "type \(code)"
        }
    }
}

extension EngineEnvironment {
    /// A tensor over memory that stays where it is as long as the tensor lives.
    func value(
        over bytes: UnsafeRawBufferPointer, _ type: ElementType, _ shape: Shape
    ) throws(RuntimeError) -> EngineHandle {
        let lengths = shape.dimensions.map { Int64($0) }
        // An empty tensor may have no address, but the engine wants one.
        let start = unsafe bytes.baseAddress.map { unsafe UnsafeMutableRawPointer(mutating: $0) }
        return try unsafe interface.handle("wrap a tensor", releasedBy: interface.releaseValue) { out in
            unsafe interface.makeTensor(
                memory.pointer, start ?? UnsafeMutableRawPointer(memory.pointer), bytes.count, lengths, lengths.count,
                type.rawValue, out)
        }
    }
}
