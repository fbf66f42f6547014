import Tensors

/// What a pickle can put on its stack.
///
/// Containers are positions in the machine's heap: a container may hold itself, and one that is nested a million times
/// is freed without recursion.
enum PickleValue {
    case none
    case boolean(Bool)
    case integer(Int)
    /// An integer beyond 64 bits: two's complement, little-endian.
    case longInteger([UInt8])
    case float(Double)
    case text(String)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    /// The name of one of the few classes and functions that are accepted.
    case global(PickleGlobal)
    case storage(StorageReference)
    case tensor(TensorView)
}

/// A dictionary that keeps the order of its keys; keys are texts, or numbers written as text.
struct PickleDictionary {
    private(set) var entries: [(key: String, value: PickleValue)] = []
    private var positions: [String: Int] = [:]

    subscript(key: String) -> PickleValue? {
        get { positions[key].map { entries[$0].value } }
        set {
            guard let newValue else { return }
            if let position = positions[key] {
                entries[position].value = newValue
            } else {
                positions[key] = entries.count
                entries.append((key, newValue))
            }
        }
    }
}

/// Everything outside the pickle format that a checkpoint of tensors may refer to; nothing of it is ever executed.
enum PickleGlobal: Hashable {
    case orderedDictionary
    case rebuildTensor
    case rebuildTensor2
    case rebuildTensor3
    case rebuildParameter
    case size
    /// `torch.FloatStorage` and its siblings.
    case storage(ElementType)
    /// `torch.UntypedStorage`: bytes whose type its tensors state.
    case untypedStorage
    /// `torch.float32` and its siblings.
    case elementType(ElementType)

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor2
        case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensor3
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", "Size"): self = .size
        case ("torch", "UntypedStorage"), ("torch.storage", "UntypedStorage"): self = .untypedStorage
        case ("torch", _):
            if let type = Self.storages[name] {
                self = .storage(type)
            } else if let type = Self.elementTypes[name] {
                self = .elementType(type)
            } else {
                return nil
            }
        default: return nil
        }
    }

    private static let storages: [String: ElementType] = [
        "FloatStorage": .float32, "DoubleStorage": .float64, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
        "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8,
        "ByteStorage": .uint8, "BoolStorage": .bool,
    ]

    private static let elementTypes: [String: ElementType] = [
        "float32": .float32, "float64": .float64, "float16": .float16, "bfloat16": .bfloat16, "int64": .int64,
        "int32": .int32, "int16": .int16, "int8": .int8, "uint8": .uint8, "uint16": .uint16, "uint32": .uint32,
        "uint64": .uint64, "bool": .bool,
    ]
}

/// A block of elements that lies outside the pickle.
struct StorageReference: Hashable {
    /// Its name in the file.
    var key: String
    /// Its type; nil for bytes whose type the tensors state.
    var elementType: ElementType?
    /// The number of its elements.
    var count: Int
    /// Where a view begins in the storage, in elements (files of the first releases).
    var viewOffset = 0

    /// The size of one element in the file.
    var elementSize: Int { elementType?.byteCount ?? 1 }
}

/// A tensor as a view of a storage: element (i, j, …) is `offset + i·strides[0] + j·strides[1] + …`, in elements.
struct TensorView: Hashable {
    var storage: StorageReference
    var elementType: ElementType
    var offset: Int
    var shape: Shape
    var strides: [Int]
}
