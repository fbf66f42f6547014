import Archives
public import Tensors

public import struct Foundation.Data

/// The named tensors of a file of weights.
///
/// Reads PyTorch's `torch.save` in both of its formats (before and since version 1.6) and `.safetensors`. A PyTorch
/// checkpoint is a pickle, that is, a program; it is not executed: what is not a tensor, a number, a text or a container
/// of these is refused by name.
public struct Checkpoint: Sendable {
    /// One tensor and the path to it.
    public struct Entry: Sendable, Hashable {
        /// The keys of the dictionaries on the way, joined by dots: `_blocks.0._bn1.weight`.
        public let name: String
        /// Its elements, row-major whatever the order in the file.
        public let tensor: AnyTensor

        /// A tensor under a name.
        public init(name: String, tensor: AnyTensor) {
            self.name = name
            self.tensor = tensor
        }
    }

    /// The tensors in the order of the file.
    public let entries: [Entry]
    private let positions: [String: Int]

    /// The tensor of that name.
    public subscript(name: String) -> AnyTensor? { positions[name].map { entries[$0].tensor } }

    /// Reads the checkpoint at a path.
    ///
    /// A dictionary under `state_dict`, `model_state_dict` or `model` stands for the whole, as training scripts save it.
    public static func read(path: String) throws(TrainingError) -> Checkpoint {
        do { return try decode(RegularFile.read(path: path, maximumBytes: 1 << 32), name: path) } catch let error
            as ArchiveError
        {
            throw .file(error)
        } catch let error as TrainingError { throw error } catch { throw .unknownFormat(path: path) }
    }

    /// Reads the checkpoint in these bytes; `name` stands for the file in messages.
    public static func decode(_ file: Data, name: String) throws(TrainingError) -> Checkpoint {
        if file.starts(with: [0x50, 0x4B]) { return Checkpoint(try ArchivedCheckpoint.read(file, name: name)) }
        if LegacyCheckpoint.recognises(file) { return Checkpoint(try LegacyCheckpoint.read(file, name: name)) }
        if file.dropFirst(8).first == UInt8(ascii: "{") {
            return Checkpoint(try SafetensorsCheckpoint.read(file, name: name))
        }
        throw .unknownFormat(path: name)
    }

    /// A checkpoint of these tensors; of equal names the last one is found.
    public init(_ entries: [Entry]) {
        self.entries = entries
        positions = Dictionary(zip(entries.map(\.name), entries.indices)) { $1 }
    }
}

/// How many bytes the tensors of one file may still take.
///
/// A view can repeat one element a million times, and an archive can unpack to a thousand times its size; honest files
/// do neither beyond a moderate amount.
struct CheckpointBudget {
    let name: String
    let limit: Int
    private(set) var rest: Int

    init(name: String, fileSize: Int) {
        self.name = name
        limit = max(fileSize, 1 << 28)
        rest = limit
    }

    mutating func take(_ bytes: Int) throws(TrainingError) {
        guard bytes <= rest else { throw .oversizedCheckpoint(path: name, limit: limit) }
        rest -= bytes
    }
}

/// Finds the tensors in what a pickle built.
struct PickledTensors {
    private(set) var views: [(name: String, view: TensorView)] = []
    private let machine: PickleMachine
    private var visited = 0

    private static let largestDepth = 32
    private static let largestVisit = 1 << 18
    private static let longestName = 1024
    private static let wrappers = ["state_dict", "model_state_dict", "model"]

    init(_ value: PickleValue, machine: PickleMachine) throws(TrainingError) {
        self.machine = machine
        try visit(Self.unwrapped(value, machine), name: "", depth: 0)
        guard !views.isEmpty else { throw .noTensors(path: machine.reader.name) }
    }

    private static func unwrapped(_ value: PickleValue, _ machine: PickleMachine) -> PickleValue {
        guard case .dictionary(let index) = value else { return value }
        for key in wrappers {
            if case .dictionary(let inner)? = machine.dictionaries[index][key] { return .dictionary(inner) }
        }
        return value
    }

    private mutating func visit(_ value: PickleValue, name: String, depth: Int) throws(TrainingError) {
        visited += 1
        // Dictionaries can share or hold themselves: few bytes can then stand for very many paths.
        guard visited <= Self.largestVisit, depth <= Self.largestDepth else {
            throw machine.damaged("its dictionaries are nested too deep or too often")
        }
        func path(_ key: some Any) -> String { name.isEmpty ? "\(key)" : "\(name).\(key)" }
        switch value {
        case .tensor(let view):
            guard name.utf8.count <= Self.longestName else { throw machine.damaged("the name of a tensor is too long") }
            views.append((name.isEmpty ? "tensor" : name, view))
        case .dictionary(let index):
            for (key, value) in machine.dictionaries[index].entries {
                try visit(value, name: path(key), depth: depth + 1)
            }
        case .list(let index): try visit(machine.lists[index], path, depth)
        case .tuple(let index): try visit(machine.tuples[index], path, depth)
        default: break
        }
    }

    private mutating func visit(
        _ values: [PickleValue], _ path: (Int) -> String, _ depth: Int
    ) throws(TrainingError) {
        for (position, value) in values.enumerated() { try visit(value, name: path(position), depth: depth + 1) }
    }

    /// Copies every view out of its storage; `storages` holds their bytes by key.
    func entries(
        storages: [String: Data], isBigEndian: Bool, budget: inout CheckpointBudget
    ) throws(TrainingError) -> [Checkpoint.Entry] {
        var entries: [Checkpoint.Entry] = []
        for (name, view) in views {
            guard let storage = storages[view.storage.key] else {
                throw machine.damaged("the data of \(name) are missing")
            }
            entries.append(
                .init(name: name, tensor: try tensor(view, storage, isBigEndian, name, &budget)))
        }
        return entries
    }

    private func tensor(
        _ view: TensorView, _ storage: Data, _ isBigEndian: Bool, _ name: String, _ budget: inout CheckpointBudget
    ) throws(TrainingError) -> AnyTensor {
        let size = view.elementType.byteCount
        let (length, overflow) = view.shape.count.multipliedReportingOverflow(by: size)
        guard !overflow else { throw .oversizedCheckpoint(path: machine.reader.name, limit: budget.limit) }
        var bytes = storage
        let isWhole = view.offset == 0 && view.strides == view.shape.strides && length == storage.count
        if !isWhole {
            try budget.take(length)
            guard
                let gathered = ScalarCodec.gather(
                    storage, size: size, offset: view.offset, shape: view.shape, strides: view.strides)
            else { throw machine.damaged("\(name) reaches beyond its data") }
            bytes = gathered
        }
        // Both of these copy what could otherwise be shared.
        if isWhole, isBigEndian || view.elementType == .bool { try budget.take(length) }
        if isBigEndian { bytes = ScalarCodec.swappingBytes(bytes, size: size) }
        do { return try AnyTensor(elementType: view.elementType, shape: view.shape, bytes: bytes) } catch {
            throw .tensor(error)
        }
    }
}
