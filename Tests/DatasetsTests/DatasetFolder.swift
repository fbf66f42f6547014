import Datasets
import Foundation
import TestSupport

/// A folder with small files of a data set; pictures are empty files, since readers never decode them.
struct DatasetFolder {
    private let folder: TemporaryFolder

    init(_ files: [String: String] = [:], pictures: [String] = []) throws {
        folder = try TemporaryFolder()
        for (name, text) in files { try write(Data(text.utf8), to: name) }
        for name in pictures { try write(Data(), to: name) }
    }

    func write(_ data: Data, to name: String) throws {
        let url = URL(fileURLWithPath: folder.path(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    func path(_ name: String = "") -> String { name.isEmpty ? folder.root : folder.path(name) }

    func dataset(_ name: String = "", format: String? = nil, images: String? = nil) throws -> Dataset {
        try Dataset(
            contentsOf: path(name), format: format.flatMap(DatasetFormat.init(named:)), images: images.map(path))
    }

    /// A path of the data set below the folder.
    func relative(_ path: String) -> String { String(path.dropFirst(folder.root.count + 1)) }
}
