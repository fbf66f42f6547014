package import struct Foundation.Data

/// Copies between arrays of scalars and their bytes; the module's only unsafe code.
package enum ScalarCodec {
    /// The memory of `scalars`, copied.
    package static func bytes<Scalar: TensorScalar>(of scalars: [Scalar]) -> Data {
        unsafe scalars.withUnsafeBytes { unsafe Data($0) }
    }

    /// The scalars whose memory `bytes` is; a last incomplete element is dropped, any alignment is fine.
    package static func scalars<Scalar: TensorScalar>(in bytes: Data, as type: Scalar.Type = Scalar.self) -> [Scalar] {
        let count = bytes.count / MemoryLayout<Scalar>.stride
        return unsafe [Scalar](unsafeUninitializedCapacity: count) { buffer, initialized in
            let target = UnsafeMutableRawBufferPointer(buffer)
            unsafe bytes.withUnsafeBytes { source in
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<target.count]))
            }
            initialized = count
        }
    }

    /// The same elements of `size` bytes each in the other byte order.
    package static func swappingBytes(_ bytes: Data, size: Int) -> Data {
        switch size {
        case 2: Self.bytes(of: scalars(in: bytes, as: UInt16.self).map(\.byteSwapped))
        case 4: Self.bytes(of: scalars(in: bytes, as: UInt32.self).map(\.byteSwapped))
        case 8: Self.bytes(of: scalars(in: bytes, as: UInt64.self).map(\.byteSwapped))
        default: bytes
        }
    }

    /// The elements of a strided view in row-major order: element (i, j, …) is `offset + i·strides[0] + j·strides[1] + …`
    /// of `bytes`, counted in elements of `size` bytes (1, 2, 4 or 8); nil where one of them lies outside.
    package static func gather(
        _ bytes: Data, size: Int, offset: Int, shape: Shape, strides: [Int]
    ) -> Data? {
        guard [1, 2, 4, 8].contains(size), strides.count == shape.rank, let count = shape.checkedCount,
            !count.multipliedReportingOverflow(by: size).overflow
        else { return nil }
        guard count > 0 else { return Data() }
        var (lowest, highest) = (offset, offset)
        for (length, stride) in zip(shape.dimensions, strides) {
            let (extent, tooFar) = (length - 1).multipliedReportingOverflow(by: stride)
            let (end, overflow) = (extent < 0 ? lowest : highest).addingReportingOverflow(extent)
            guard !tooFar, !overflow else { return nil }
            if extent < 0 { lowest = end } else { highest = end }
        }
        guard lowest >= 0, highest < bytes.count / size else { return nil }
        return switch size {
        case 1: gather(bytes, as: UInt8.self, offset, shape, strides)
        case 2: gather(bytes, as: UInt16.self, offset, shape, strides)
        case 4: gather(bytes, as: UInt32.self, offset, shape, strides)
        default: gather(bytes, as: UInt64.self, offset, shape, strides)
        }
    }

    /// As above, for positions that are known to lie inside.
    private static func gather<Bits: TensorScalar>(
        _ bytes: Data, as type: Bits.Type, _ offset: Int, _ shape: Shape, _ strides: [Int]
    ) -> Data {
        let size = MemoryLayout<Bits>.stride
        let length = shape.dimensions.last ?? 1
        let step = strides.last ?? 0
        var indices = [Int](repeating: 0, count: max(0, shape.rank - 1))
        var start = offset
        let elements = unsafe [Bits](unsafeUninitializedCapacity: shape.count) { buffer, initialized in
            unsafe bytes.withUnsafeBytes { source in
                while initialized < shape.count {
                    for position in 0..<length {
                        unsafe buffer[initialized + position] = source.loadUnaligned(
                            fromByteOffset: (start + position * step) * size, as: Bits.self)
                    }
                    initialized += length
                    for axis in indices.indices.reversed() {
                        indices[axis] += 1
                        start += strides[axis]
                        guard indices[axis] == shape.dimensions[axis] else { break }
                        start -= strides[axis] * indices[axis]
                        indices[axis] = 0
                    }
                }
            }
        }
        return Self.bytes(of: elements)
    }
}
