import Foundation
package import ONNXMessages
package import Tensors

extension AnyTensor {
    /// The tensor that a message holds, from its raw or its typed field.
    ///
    /// Refuses element types that Gaze does not compute with, impossible shapes and data that do not fit the shape.
    package init(_ proto: TensorProto) throws(ONNXFormatError) {
        self = try proto.tensor()
    }
}

extension TensorProto {
    /// A message with the tensor's bytes as `raw_data`.
    package init(_ tensor: AnyTensor, name: String = "") {
        self.init()
        if !name.isEmpty { self.name = name }
        dims = tensor.shape.dimensions.map { Int64($0) }
        dataType = tensor.elementType.rawValue
        rawData = tensor.bytes
    }

    fileprivate func tensor() throws(ONNXFormatError) -> AnyTensor {
        guard let type = ElementType(rawValue: dataType) else {
            throw .elementType(tensor: name, type: elementTypeName)
        }
        guard !hasSegment else { throw .segmented(tensor: name) }
        guard dataLocation == .default else { throw .noFolder(tensor: name, location: externalEntry("location") ?? "") }
        let shape = try shape()
        let byteCount = try byteCount(bits: type.byteCount * 8, shape: shape)
        let bytes = hasRawData && !(rawData.isEmpty && typedCount > 0) ? rawData : try typedBytes(type, shape.count)
        guard bytes.count == byteCount else {
            throw .dataCount(tensor: name, expected: byteCount, found: bytes.count, unit: "bytes")
        }
        do {
            return try AnyTensor(elementType: type, shape: shape, bytes: bytes)
        } catch {
            throw .dataCount(tensor: name, expected: byteCount, found: bytes.count, unit: "bytes")
        }
    }

    /// The dimensions, checked: none is negative, and their product is a number of elements that memory can have.
    func shape() throws(ONNXFormatError) -> Shape {
        let shape = Shape(dims.compactMap { Int(exactly: $0) })
        guard shape.rank == dims.count, shape.dimensions.allSatisfy({ $0 >= 0 }),
            // The product without the zeros, so that [2^62, 0] is refused as well.
            Shape(shape.dimensions.filter { $0 > 0 }).checkedCount.map({ $0 < 1 << 48 }) == true
        else { throw .dimensions(tensor: name, dimensions: dims) }
        return shape
    }

    /// The size of the data in bytes; `bits` is the width of one element (4 bits are stored in pairs).
    func byteCount(bits: Int, shape: Shape) throws(ONNXFormatError) -> Int {
        let (product, overflow) = shape.count.multipliedReportingOverflow(by: bits)
        guard !overflow, product < Int.max - 7 else { throw .dimensions(tensor: name, dimensions: dims) }
        return (product + 7) / 8
    }

    /// The format's own name of the element type, or its code where it is newer than this schema.
    var elementTypeName: String {
        guard let type = DataType(rawValue: Int(dataType)) else { return "code \(dataType)" }
        return String(describing: type).uppercased()
    }

    private var typedCount: Int {
        floatData.count + int32Data.count + int64Data.count + doubleData.count + uint64Data.count
    }

    private func typedBytes(_ type: ElementType, _ count: Int) throws(ONNXFormatError) -> Data {
        switch type {
        case .float32: try bytes(floatData, count) { $0 }
        case .float64: try bytes(doubleData, count) { $0 }
        case .int64: try bytes(int64Data, count) { $0 }
        case .uint64: try bytes(uint64Data, count) { $0 }
        case .uint32: try bytes(uint64Data, count) { UInt32(truncatingIfNeeded: $0) }
        case .int32: try bytes(int32Data, count) { $0 }
        case .int16: try bytes(int32Data, count) { Int16(truncatingIfNeeded: $0) }
        case .int8: try bytes(int32Data, count) { Int8(truncatingIfNeeded: $0) }
        case .uint16: try bytes(int32Data, count) { UInt16(truncatingIfNeeded: $0) }
        case .uint8: try bytes(int32Data, count) { UInt8(truncatingIfNeeded: $0) }
        case .bool: try bytes(int32Data, count) { $0 != 0 }
        case .float16: try bytes(int32Data, count) { Float16(bitPattern: UInt16(truncatingIfNeeded: $0)) }
        case .bfloat16: try bytes(int32Data, count) { BFloat16(bitPattern: UInt16(truncatingIfNeeded: $0)) }
        }
    }

    private func bytes<Stored, Scalar: TensorScalar>(
        _ stored: [Stored], _ count: Int, _ convert: (Stored) -> Scalar
    ) throws(ONNXFormatError) -> Data {
        guard stored.count == count else {
            throw .dataCount(tensor: name, expected: count, found: stored.count, unit: "elements")
        }
        return ScalarCodec.bytes(of: stored.map(convert))
    }

    func externalEntry(_ key: String) -> String? {
        externalData.last { $0.key == key }?.value
    }
}
