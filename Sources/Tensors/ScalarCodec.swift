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
}
