import Foundation
import ONNXFormat
import ONNXMessages
import Tensors

extension AnyTensor {
    /// The dense tensor that a sparse one stands for.
    ///
    /// Its indices are positions in the flattened tensor, or one row of coordinates per value.
    init(_ sparse: SparseTensorProto) throws {
        let name = sparse.values.name
        let values = try AnyTensor(sparse.values)
        let indices = try AnyTensor(sparse.indices)
        let shape = Shape(sparse.dims.compactMap { Int(exactly: $0) })
        guard shape.rank == sparse.dims.count, shape.dimensions.allSatisfy({ $0 >= 0 }),
            let count = shape.checkedCount, count <= 1 << 30
        else { throw ONNXFormatError.dimensions(tensor: name, dimensions: sparse.dims) }
        let isFlat = indices.shape.rank == 1
        guard indices.elementType == .int64, values.shape.rank == 1,
            indices.shape == (isFlat ? [values.shape[0]] : [values.shape[0], shape.rank])
        else {
            throw ONNXFormatError.dataCount(
                tensor: name, expected: values.shape.count * (isFlat ? 1 : shape.rank), found: indices.shape.count,
                unit: "indices")
        }
        let width = values.elementType.byteCount
        var bytes = Data(count: count * width)
        let coordinates = indices.integers
        for position in 0..<values.shape[0] {
            let row =
                isFlat
                ? [coordinates[position]] : Array(coordinates[position * shape.rank..<(position + 1) * shape.rank])
            guard let target = Self.offset(row, in: isFlat ? [count] : shape) else {
                throw GraphError.unsupportedType(value: name, type: "sparse tensor whose indices lie outside its shape")
            }
            let source = values.bytes.startIndex + position * width
            bytes.replaceSubrange(target * width..<(target + 1) * width, with: values.bytes[source..<source + width])
        }
        self = try AnyTensor(elementType: values.elementType, shape: shape, bytes: bytes)
    }

    private static func offset(_ coordinates: [Int], in shape: Shape) -> Int? {
        var offset = 0
        for (coordinate, length) in zip(coordinates, shape.dimensions) {
            guard (0..<length).contains(coordinate) else { return nil }
            offset = offset * length + coordinate
        }
        return offset
    }
}
