/// The dictionary at the head of a `.npy` file: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
///
/// Parsed as text with this one form, never evaluated.
struct NumpyHeader: Hashable {
    var elementType: ElementType
    var isBigEndian: Bool
    var isFortranOrder: Bool
    var shape: Shape

    /// Why a header is refused.
    struct Refusal: Error {
        let reason: String
    }

    /// NumPy's own limit on the number of axes.
    private static let largestRank = 64

    init(elementType: ElementType, shape: Shape) {
        self.elementType = elementType
        self.shape = shape
        isBigEndian = false
        isFortranOrder = false
    }

    init(parsing text: some Sequence<UInt8>) throws(Refusal) {
        var scanner = Scanner(bytes: Array(text))
        var descriptor: String?
        var fortranOrder: Bool?
        var lengths: [Int]?
        try scanner.expect("{")
        while !scanner.skip("}") {
            let key = try scanner.string()
            try scanner.expect(":")
            switch key {
            case "descr": descriptor = try scanner.descriptor()
            case "fortran_order": fortranOrder = try scanner.boolean()
            case "shape": lengths = try scanner.tuple(limit: Self.largestRank)
            default: throw Refusal(reason: "its header has the unknown key '\(key)'")
            }
            guard scanner.skip(",") else {
                try scanner.expect("}")
                break
            }
        }
        guard let descriptor, let fortranOrder, let lengths else {
            throw Refusal(reason: "its header lacks 'descr', 'fortran_order' or 'shape'")
        }
        (elementType, isBigEndian) = try Self.type(of: descriptor)
        isFortranOrder = fortranOrder
        shape = Shape(lengths)
    }

    /// NumPy's name of an element type; nil for bfloat16, which NumPy has not.
    static func descriptor(of type: ElementType) -> String? {
        switch type {
        case .float16: "<f2"
        case .float32: "<f4"
        case .float64: "<f8"
        case .int8: "|i1"
        case .int16: "<i2"
        case .int32: "<i4"
        case .int64: "<i8"
        case .uint8: "|u1"
        case .uint16: "<u2"
        case .uint32: "<u4"
        case .uint64: "<u8"
        case .bool: "|b1"
        case .bfloat16: nil
        }
    }

    private static func type(of descriptor: String) throws(Refusal) -> (ElementType, isBigEndian: Bool) {
        let order = descriptor.first ?? " "
        let name = descriptor.dropFirst()
        if "<>|=".contains(order),
            let type = ElementType.allCases.first(where: { Self.descriptor(of: $0)?.dropFirst() == name })
        {
            return (type, order == ">")
        }
        if name.hasPrefix("O") { throw Refusal(reason: "it holds Python objects, which are never unpacked") }
        throw Refusal(reason: "its element type '\(descriptor)' is none of float16/32/64, int8…64, uint8…64 and bool")
    }

    /// The text of the header as NumPy writes it, without padding.
    func text(descriptor: String) -> String {
        let lengths = shape.dimensions.map(String.init).joined(separator: ", ") + (shape.rank == 1 ? "," : "")
        return "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(lengths)), }"
    }
}

/// Walks over the few forms of Python literals that a header has.
private struct Scanner {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        while position < bytes.count, [0x20, 0x0A, 0x09, 0x0D].contains(bytes[position]) { position += 1 }
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(NumpyHeader.Refusal) {
        guard skip(character) else {
            throw NumpyHeader.Refusal(reason: "its header has no '\(character)' at position \(position)")
        }
    }

    mutating func string() throws(NumpyHeader.Refusal) -> String {
        let quote: Unicode.Scalar = skip("\"") ? "\"" : "'"
        if quote == "'" { try expect("'") }
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: quote)), end - position <= 64 else {
            throw NumpyHeader.Refusal(reason: "its header has a string without an end")
        }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    mutating func descriptor() throws(NumpyHeader.Refusal) -> String {
        guard !skip("["), !skip("(") else {
            throw NumpyHeader.Refusal(reason: "it holds records (a structured type) instead of numbers")
        }
        return try string()
    }

    mutating func word() -> String {
        _ = skip(" ")
        let start = position
        while position < bytes.count, Character(Unicode.Scalar(bytes[position])).isLetter { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func boolean() throws(NumpyHeader.Refusal) -> Bool {
        switch word() {
        case "True": return true
        case "False": return false
        case let other: throw NumpyHeader.Refusal(reason: "its header has '\(other)' where True or False is needed")
        }
    }

    mutating func tuple(limit: Int) throws(NumpyHeader.Refusal) -> [Int] {
        var numbers: [Int] = []
        try expect("(")
        while !skip(")") {
            _ = skip(" ")
            let start = position
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
            guard numbers.count < limit, let number = Int(String(decoding: bytes[start..<position], as: UTF8.self))
            else {
                throw NumpyHeader.Refusal(reason: "its header has a shape that is no tuple of at most \(limit) lengths")
            }
            numbers.append(number)
            guard skip(",") else {
                try expect(")")
                break
            }
        }
        return numbers
    }
}
