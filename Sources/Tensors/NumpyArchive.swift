import Archives

public import struct Foundation.Data

/// NumPy's file of named arrays, `.npz`: a ZIP archive of `.npy` files.
public enum NumpyArchive {
    /// Reads every array of an archive, which may unpack to `limit` bytes in all.
    public static func read(path: String, limit: Int = 1 << 29) throws(TensorError) -> [String: AnyTensor] {
        let archive: ArchiveReader
        do { archive = try ArchiveReader(path: path) } catch { throw .file(error) }
        return try tensors(in: archive, limit: limit)
    }

    /// Reads every array of an archive in memory; `name` stands for it in messages.
    public static func decode(
        _ file: Data, name: String, limit: Int = 1 << 29
    ) throws(TensorError) -> [String: AnyTensor] {
        let archive: ArchiveReader
        do { archive = try ArchiveReader(data: file, name: name) } catch { throw .file(error) }
        return try tensors(in: archive, limit: limit)
    }

    /// Writes arrays, sorted by name, whole or not at all; `compressed` deflates them as `numpy.savez_compressed` does.
    public static func write(
        _ tensors: [String: AnyTensor], path: String, compressed: Bool = false
    ) throws(TensorError) {
        var archive = ArchiveWriter()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            archive.add("\(name).npy", Numpy.encode(tensor), method: compressed ? .deflated : .stored)
        }
        do { try archive.write(path: path) } catch { throw .file(error) }
    }

    /// Entries that are no `.npy` files are left out.
    private static func tensors(in archive: ArchiveReader, limit: Int) throws(TensorError) -> [String: AnyTensor] {
        var tensors: [String: AnyTensor] = [:]
        var rest = limit
        for entry in archive.entries where entry.name.hasSuffix(".npy") {
            let bytes: Data
            do { bytes = try archive.read(entry, limit: rest) } catch { throw .file(error) }
            rest -= bytes.count
            let name = String(entry.name.dropLast(4))
            tensors[name] = try Numpy.decode(bytes, name: "\(archive.name)/\(entry.name)")
        }
        return tensors
    }
}
