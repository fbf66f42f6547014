import Tensors

/// Python's pickle machine, reduced to what tensors need.
///
/// A pickle is a program for a stack machine that may call any function of Python. Here nothing is ever called: the
/// instructions build lists, dictionaries, numbers and texts, the names of `PickleGlobal` are accepted, and every other
/// name or instruction is refused. The number of instructions is bounded, and with it stack, memo and heap.
struct PickleMachine {
    private(set) var reader: ByteReader
    private(set) var tuples: [[PickleValue]] = []
    private(set) var lists: [[PickleValue]] = []
    private(set) var dictionaries: [PickleDictionary] = []
    /// The size of the elements of every storage that was referred to, by key.
    private(set) var elementSizes: [String: Int] = [:]
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    private var executed = 0

    /// Far beyond any checkpoint (some twenty instructions a tensor), far below what would fill the memory.
    private static let largestCount = 1 << 21

    init(reader: ByteReader) {
        self.reader = reader
    }

    /// Runs one pickle to its end; the reader then stands behind it. Containers of the result stay in this machine.
    mutating func run() throws(TrainingError) -> PickleValue {
        stack = []
        marks = []
        memo = [:]
        while true {
            let position = reader.position
            let code = try reader.byte()
            guard let opcode = PickleOpcode(rawValue: code) else {
                throw .unsupportedPickle(path: reader.name, opcode: code, position: position)
            }
            if opcode == .stop { return try pop() }
            try execute(opcode)
            executed += 1
            guard executed <= Self.largestCount else { throw damaged("its pickle is longer than any of tensors") }
        }
    }

    private mutating func execute(_ opcode: PickleOpcode) throws(TrainingError) {
        switch opcode {
        case .proto: _ = try reader.byte()
        case .frame: _ = try reader.data(8)
        case .none, .newTrue, .newFalse, .binaryInteger1, .binaryInteger2, .binaryInteger4, .long1, .binaryFloat,
            .unicode1, .unicode4, .unicode8, .string1, .string4:
            stack.append(try scalar(opcode))
        case .mark: marks.append(stack.count)
        case .emptyTuple: pushTuple([])
        case .tuple1: pushTuple(try pop(1))
        case .tuple2: pushTuple(try pop(2))
        case .tuple3: pushTuple(try pop(3))
        case .tuple: pushTuple(try popToMark())
        case .emptyList: pushList()
        case .append: try append(pop(1))
        case .appends: try append(popToMark())
        case .emptyDictionary: pushDictionary()
        case .setItem: try setItems(pop(2))
        case .setItems: try setItems(popToMark())
        case .global: try pushGlobal(module: reader.line(), name: reader.line())
        case .stackGlobal:
            let parts = try pop(2)
            guard case .text(let module) = parts[0], case .text(let name) = parts[1] else {
                throw damaged("a name in it is no text")
            }
            try pushGlobal(module: module, name: name)
        case .reduce: try reduce()
        case .build:
            // The state of an OrderedDict: versions of the modules, which tensors do not need.
            _ = try pop()
            guard case .dictionary? = stack.last else { throw damaged("it sets the state of what is no dictionary") }
        case .persistentIdentifier: stack.append(.storage(try storage(pop())))
        case .get1: try recall(Int(reader.byte()))
        case .get4: try recall(Int(reader.integer(bytes: 4)))
        case .put1: try remember(Int(reader.byte()))
        case .put4: try remember(Int(reader.integer(bytes: 4)))
        case .memoize: try remember(memo.count)
        case .stop: break
        }
    }

    private mutating func scalar(_ opcode: PickleOpcode) throws(TrainingError) -> PickleValue {
        switch opcode {
        case .newTrue: return .boolean(true)
        case .newFalse: return .boolean(false)
        case .binaryInteger1: return .integer(Int(try reader.byte()))
        case .binaryInteger2: return .integer(Int(try reader.integer(bytes: 2)))
        case .binaryInteger4: return .integer(Int(Int32(truncatingIfNeeded: try reader.integer(bytes: 4))))
        case .long1:
            let bytes = [UInt8](try reader.data(Int(reader.byte())))
            guard bytes.count <= 8 else { return .longInteger(bytes) }
            let bits = bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
            let unused = UInt64(64 - 8 * bytes.count)
            return .integer(Int(Int64(bitPattern: bits << unused) >> Int64(unused)))
        case .binaryFloat:
            return .float(Double(bitPattern: try reader.integer(bytes: 8).byteSwapped))
        case .unicode1, .string1: return .text(try reader.text(reader.length(bytes: 1)))
        case .unicode4, .string4: return .text(try reader.text(reader.length(bytes: 4)))
        case .unicode8: return .text(try reader.text(reader.length(bytes: 8)))
        default: return .none
        }
    }
}

// MARK: Stack and heap

extension PickleMachine {
    func damaged(_ reason: String) -> TrainingError { .damagedCheckpoint(path: reader.name, reason: reason) }

    private mutating func pop() throws(TrainingError) -> PickleValue { try pop(1)[0] }

    /// The last `count` values, which must lie above the last mark.
    private mutating func pop(_ count: Int) throws(TrainingError) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw damaged("its pickle takes more than it put down") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(TrainingError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw damaged("its pickle has no mark where one is needed") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func pushTuple(_ values: [PickleValue]) {
        stack.append(.tuple(tuples.count))
        tuples.append(values)
    }

    private mutating func pushList() {
        stack.append(.list(lists.count))
        lists.append([])
    }

    private mutating func pushDictionary() {
        stack.append(.dictionary(dictionaries.count))
        dictionaries.append(PickleDictionary())
    }

    private mutating func append(_ values: [PickleValue]) throws(TrainingError) {
        guard case .list(let list)? = stack.last else { throw damaged("it appends to what is no list") }
        lists[list] += values
    }

    private mutating func setItems(_ values: [PickleValue]) throws(TrainingError) {
        guard case .dictionary(let dictionary)? = stack.last, values.count.isMultiple(of: 2) else {
            throw damaged("it sets items of what is no dictionary")
        }
        for index in stride(from: 0, to: values.count, by: 2) {
            let key =
                switch values[index] {
                case .text(let text): text
                case .integer(let number): String(number)
                default: throw damaged("a dictionary in it has a key that is neither text nor integer")
                }
            dictionaries[dictionary][key] = values[index + 1]
        }
    }

    private mutating func remember(_ index: Int) throws(TrainingError) {
        guard stack.count > (marks.last ?? 0), let value = stack.last else {
            throw damaged("its pickle remembers nothing")
        }
        memo[index] = value
    }

    private mutating func recall(_ index: Int) throws(TrainingError) {
        guard let value = memo[index] else { throw damaged("its pickle recalls what it did not remember") }
        stack.append(value)
    }
}

// MARK: Tensors

extension PickleMachine {
    private mutating func pushGlobal(module: String, name: String) throws(TrainingError) {
        guard let global = PickleGlobal(module: module, name: name) else {
            throw .refusedReference(path: reader.name, name: "\(module).\(name)")
        }
        stack.append(.global(global))
    }

    /// Stands for a call: builds what the few accepted functions would return.
    private mutating func reduce() throws(TrainingError) {
        let parts = try pop(2)
        guard case .global(let function) = parts[0], case .tuple(let index) = parts[1] else {
            throw damaged("it calls what is no function")
        }
        let arguments = tuples[index]
        switch function {
        case .orderedDictionary where arguments.isEmpty: pushDictionary()
        case .size where arguments.count == 1: stack.append(arguments[0])
        case .rebuildParameter where !arguments.isEmpty: stack.append(arguments[0])
        case .rebuildTensor where arguments.count >= 4, .rebuildTensor2 where arguments.count >= 4:
            stack.append(.tensor(try view(arguments, elementType: nil)))
        case .rebuildTensor3 where arguments.count >= 7:
            guard case .global(.elementType(let type)) = arguments[6] else { throw damaged("a tensor has no type") }
            stack.append(.tensor(try view(arguments, elementType: type)))
        default: throw damaged("it calls \(function) with arguments that do not fit")
        }
    }

    private func view(_ arguments: [PickleValue], elementType: ElementType?) throws(TrainingError) -> TensorView {
        guard case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1], offset >= 0,
            let type = elementType ?? storage.elementType
        else { throw damaged("a tensor has no storage, offset or type") }
        let (shape, strides) = (Shape(try integers(arguments[2])), try integers(arguments[3]))
        let (start, overflow) = offset.addingReportingOverflow(storage.viewOffset)
        guard shape.checkedCount != nil, shape.rank == strides.count, shape.rank <= 64, !overflow else {
            throw damaged("a tensor has the size \(shape) and the strides \(strides), which do not fit")
        }
        return TensorView(storage: storage, elementType: type, offset: start, shape: shape, strides: strides)
    }

    private func integers(_ value: PickleValue) throws(TrainingError) -> [Int] {
        guard case .tuple(let index) = value else { throw damaged("a tensor has a size that is no tuple") }
        var result: [Int] = []
        for value in tuples[index] {
            guard case .integer(let number) = value, number >= 0 else {
                throw damaged("a tensor has a size or stride that is no positive integer")
            }
            result.append(number)
        }
        return result
    }

    /// `('storage', torch.FloatStorage, key, device, count)`, in old files with `None` or a view behind.
    private mutating func storage(_ identifier: PickleValue) throws(TrainingError) -> StorageReference {
        guard case .tuple(let index) = identifier, tuples[index].count >= 5,
            case .text("storage") = tuples[index][0], case .global(let global) = tuples[index][1],
            case .text(let key) = tuples[index][2], case .integer(let count) = tuples[index][4], count >= 0
        else { throw damaged("it refers to data that are no storage") }
        let type: ElementType?
        switch global {
        case .storage(let elementType): type = elementType
        case .untypedStorage: type = nil
        default: throw damaged("a storage has no type")
        }
        var storage = StorageReference(key: key, elementType: type, count: count)
        if tuples[index].count > 5, case .tuple(let view) = tuples[index][5] {
            guard tuples[view].count == 3, case .integer(let offset) = tuples[view][1], offset >= 0 else {
                throw damaged("a storage is a view without an offset")
            }
            storage.viewOffset = offset
        }
        guard elementSizes[key, default: storage.elementSize] == storage.elementSize else {
            throw damaged("the storage \(key) has elements of two types")
        }
        elementSizes[key] = storage.elementSize
        return storage
    }
}
