import Archives

public import struct Foundation.Data

/// NumPy's file of one array, `.npy`: format versions 1, 2 and 3.
///
/// Read: every numeric type and bool, both byte orders, row-major and Fortran order. Python objects, text and records
/// are refused. Written: version 1, little-endian and row-major, byte for byte as `numpy.save` writes it; bfloat16,
/// which NumPy has not, becomes float32, which holds the same values.
public enum Numpy {
    private static let magic = Data([0x93] + Array("NUMPY".utf8))
    /// A header states a type and a shape; NumPy itself refuses longer ones.
    private static let largestHeader = 10_000

    /// Reads a `.npy` file.
    public static func read(path: String) throws(TensorError) -> AnyTensor {
        let bytes: Data
        do { bytes = try RegularFile.read(path: path) } catch { throw .file(error) }
        return try decode(bytes, name: path)
    }

    /// Writes a `.npy` file, whole or not at all.
    public static func write(_ tensor: AnyTensor, path: String) throws(TensorError) {
        do { try WholeFile.write(encode(tensor), to: path) } catch { throw .file(error) }
    }

    /// The array in the bytes of a `.npy` file; `name` stands for the file in messages.
    ///
    /// Bytes behind the array are ignored, as NumPy does.
    public static func decode(_ file: Data, name: String) throws(TensorError) -> AnyTensor {
        let bytes = [UInt8](file.prefix(12))
        guard bytes.count >= 10, file.starts(with: magic) else {
            throw .numpyFile(path: name, reason: "it does not begin as a .npy file does")
        }
        guard (1...3).contains(bytes[6]), bytes[6] == 1 || bytes.count == 12 else {
            throw .numpyFile(path: name, reason: "it has the format version \(bytes[6]).\(bytes[7]), later than 3")
        }
        let lengthBytes = bytes[8..<(bytes[6] == 1 ? 10 : 12)]
        let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= largestHeader else {
            throw .numpyFile(path: name, reason: "its header of \(length) bytes is longer than \(largestHeader)")
        }
        let rest = file.dropFirst(lengthBytes.endIndex)
        guard rest.count >= length else { throw .numpyFile(path: name, reason: "it ends inside its header") }
        let header: NumpyHeader
        do { header = try NumpyHeader(parsing: rest.prefix(length)) } catch {
            throw .numpyFile(path: name, reason: error.reason)
        }
        return try array(header, rest.dropFirst(length), name)
    }

    /// The bytes of a `.npy` file.
    public static func encode(_ tensor: AnyTensor) -> Data {
        guard let descriptor = NumpyHeader.descriptor(of: tensor.elementType) else {
            return encode(AnyTensor(tensor.floatTensor))
        }
        let header = NumpyHeader(elementType: tensor.elementType, shape: tensor.shape).text(descriptor: descriptor)
        // The array starts at a multiple of 64 bytes, for readers that map files into memory.
        let prefix = magic.count + 4
        let padding = 63 - (prefix + header.utf8.count) % 64
        let length = header.utf8.count + padding + 1
        var file = magic + Data([1, 0, UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8)])
        file.append(contentsOf: Array((header + String(repeating: " ", count: padding) + "\n").utf8))
        file.append(tensor.bytes)
        return file
    }

    private static func array(_ header: NumpyHeader, _ bytes: Data, _ name: String) throws(TensorError) -> AnyTensor {
        let size = header.elementType.byteCount
        guard let count = header.shape.checkedCount, count <= bytes.count / size else {
            throw .numpyFile(
                path: name,
                reason: "its shape \(header.shape) needs more elements than the \(bytes.count / size) there are")
        }
        var content = Data(bytes.prefix(count * size))
        if header.isBigEndian { content = ScalarCodec.swappingBytes(content, size: size) }
        if header.isFortranOrder, header.shape.rank > 1 {
            let strides = Array(Shape(header.shape.dimensions.reversed()).strides.reversed())
            guard
                let gathered = ScalarCodec.gather(content, size: size, offset: 0, shape: header.shape, strides: strides)
            else { throw .numpyFile(path: name, reason: "its shape \(header.shape) is not that of its elements") }
            content = gathered
        }
        return try AnyTensor(elementType: header.elementType, shape: header.shape, bytes: content)
    }
}
