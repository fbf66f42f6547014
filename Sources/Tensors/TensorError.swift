public import enum Archives.ArchiveError

/// What can be wrong with a tensor or a tensor file.
public enum TensorError: Error, Sendable, Hashable {
    /// The number of elements is not the product of the shape.
    case elementCount(shape: Shape, found: Int)
    /// Raw data has the wrong number of bytes.
    case byteCount(type: ElementType, shape: Shape, found: Int)
    /// Two tensors that must agree do not.
    case shapeMismatch(Shape, Shape)
    /// A conversion that loses its meaning.
    case elementType(expected: ElementType, found: ElementType)
    /// A `.npy` or `.npz` file that cannot be read.
    case numpyFile(path: String, reason: String)
    /// A file that cannot be read or written at all.
    case file(ArchiveError)
}

extension TensorError: CustomStringConvertible {
    /// One sentence: what is wrong and what to do.
    public var description: String {
        switch self {
        case .elementCount(let shape, let found):
            "A tensor of shape \(shape) was given \(found) elements; give exactly the product of its dimensions."
        case .byteCount(let type, let shape, let found):
            "A tensor \(type)\(shape) was given \(found) bytes; the file is truncated or its shape is wrong."
        case .shapeMismatch(let first, let second):
            "Tensors of shapes \(first) and \(second) were given where equal shapes are needed."
        case .elementType(let expected, let found):
            "A tensor of type \(found) was given where \(expected) is needed; convert it first."
        case .numpyFile(let path, let reason):
            "The NumPy file \(path) cannot be read: \(reason). Save it again with numpy.save."
        case .file(let error):
            error.description
        }
    }
}
