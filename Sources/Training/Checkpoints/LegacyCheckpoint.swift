import Foundation
import Tensors

/// PyTorch's format before version 1.6, which `torch.save` still writes on request: five pickles (a magic number, the
/// format's version, facts about the machine, the object, the keys of its storages), then for each key the number of
/// elements as int64 and the elements.
enum LegacyCheckpoint {
    /// 0x1950a86a20f9469cfc6c, little-endian.
    private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    private static let version = 1001

    /// Whether the file begins with a pickle of the magic number, in any protocol.
    static func recognises(_ file: Data) -> Bool {
        file.first == PickleOpcode.proto.rawValue && file.prefix(32).range(of: Data(magic)) != nil
    }

    static func read(_ file: Data, name: String) throws(TrainingError) -> [Checkpoint.Entry] {
        var machine = PickleMachine(reader: ByteReader(file, name: name))
        guard case .longInteger(magic) = try machine.run() else { throw .unknownFormat(path: name) }
        guard case .integer(version) = try machine.run() else {
            throw machine.damaged("its format is of another version than \(version)")
        }
        // Facts about the machine that wrote it; the elements are little-endian whatever it was.
        _ = try machine.run()
        let tensors = try PickledTensors(machine.run(), machine: machine)
        guard case .list(let keys) = try machine.run() else { throw machine.damaged("it does not list its storages") }
        var reader = machine.reader
        var storages: [String: Data] = [:]
        for value in machine.lists[keys] {
            guard case .text(let key) = value, let size = machine.elementSizes[key] else {
                throw machine.damaged("it lists a storage that is not in it")
            }
            let count = Int64(bitPattern: try reader.integer(bytes: 8))
            guard let length = Int(exactly: count), length >= 0, length <= reader.remaining / size else {
                throw machine.damaged("the storage \(key) states more elements than there are")
            }
            storages[key] = Data(try reader.data(length * size))
        }
        var budget = CheckpointBudget(name: name, fileSize: file.count)
        return try tensors.entries(storages: storages, isBigEndian: false, budget: &budget)
    }
}
