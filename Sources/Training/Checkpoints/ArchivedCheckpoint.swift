import Archives
import Foundation
import Tensors

/// PyTorch's format since version 1.6: a ZIP archive with a pickle `NAME/data.pkl` and one file `NAME/data/KEY` per
/// storage; `NAME/byteorder` says `little` or `big`.
enum ArchivedCheckpoint {
    private static let largestPickle = 1 << 25

    static func read(_ file: Data, name: String) throws(TrainingError) -> [Checkpoint.Entry] {
        do { return try entries(file, name: name) } catch let error as ArchiveError {
            throw .file(error)
        } catch let error as TrainingError { throw error } catch { throw .unknownFormat(path: name) }
    }

    private static func entries(_ file: Data, name: String) throws -> [Checkpoint.Entry] {
        let archive = try ArchiveReader(data: file, name: name)
        guard let pickle = archive.entries.first(where: { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") })
        else { throw TrainingError.unknownFormat(path: name) }
        let folder = String(pickle.name.dropLast("data.pkl".count))
        let bytes = try archive.read(pickle, limit: largestPickle)
        var machine = PickleMachine(reader: ByteReader(bytes, name: name))
        let tensors = try PickledTensors(machine.run(), machine: machine)

        var budget = CheckpointBudget(name: name, fileSize: file.count)
        var storages: [String: Data] = [:]
        for (_, view) in tensors.views where storages[view.storage.key] == nil {
            let storage = view.storage
            let content = try archive.read("\(folder)data/\(storage.key)", limit: budget.rest)
            try budget.take(content.count)
            guard content.count / storage.elementSize >= storage.count else {
                throw machine.damaged("the storage \(storage.key) has fewer elements than it states")
            }
            storages[storage.key] = content
        }
        let order = try archive.entry(named: "\(folder)byteorder").map { try archive.read($0, limit: 16) }
        let isBigEndian = order == Data("big".utf8)
        return try tensors.entries(storages: storages, isBigEndian: isBigEndian, budget: &budget)
    }
}
