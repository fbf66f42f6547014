import CZip
import Glibc

package import struct Foundation.Data

/// One file inside a ZIP archive.
package struct ArchiveEntry: Sendable, Hashable {
    /// Its path inside the archive, as stored; never used as a path on disk.
    package let name: String
    /// Its position in the archive's directory.
    package let index: Int
    /// The unpacked length that the directory states, which a hostile archive may understate.
    package let size: Int
}

/// A ZIP archive opened for reading.
///
/// Nothing is unpacked before it is asked for, and no entry beyond a stated number of bytes, so that an archive that
/// unpacks to terabytes costs nothing.
@safe package final class ArchiveReader {
    /// How the archive is called in messages: its path, or what the caller named it.
    package let name: String
    /// The files of the archive in the order of its directory; folders are left out.
    package let entries: [ArchiveEntry]

    private let handle: OpaquePointer
    private let indices: [String: Int]

    /// Opens the archive at a path.
    package convenience init(path: String) throws(ArchiveError) {
        // The library takes an empty file for an archive without files.
        guard try RegularFile.size(path: path) > 0 else {
            throw .notAnArchive(name: path, reason: "the file is empty")
        }
        var code: Int32 = 0
        guard let handle = unsafe zip_open(path, ZIP_RDONLY, &code) else {
            throw .notAnArchive(name: path, reason: ZipText.text(code: code))
        }
        try unsafe self.init(handle: handle, name: path)
    }

    /// Opens an archive that is in memory; `name` stands for it in messages.
    package convenience init(data: Data, name: String) throws(ArchiveError) {
        guard !data.isEmpty else { throw .notAnArchive(name: name, reason: "it is empty") }
        var failure = unsafe zip_error_t()
        unsafe zip_error_init(&failure)
        defer { unsafe zip_error_fini(&failure) }
        guard let source = unsafe ZipSource.copying(data, &failure) else {
            throw .notAnArchive(name: name, reason: unsafe ZipText.text(&failure))
        }
        guard let handle = unsafe zip_open_from_source(source, ZIP_RDONLY, &failure) else {
            unsafe zip_source_free(source)
            throw .notAnArchive(name: name, reason: unsafe ZipText.text(&failure))
        }
        try unsafe self.init(handle: handle, name: name)
    }

    private init(handle: OpaquePointer, name: String) throws(ArchiveError) {
        unsafe self.handle = unsafe handle
        self.name = name
        var entries: [ArchiveEntry] = []
        var indices: [String: Int] = [:]
        for index in 0..<max(0, unsafe zip_get_num_entries(handle, 0)) {
            var status = unsafe zip_stat_t()
            guard unsafe zip_stat_index(handle, zip_uint64_t(index), 0, &status) == 0, let text = unsafe status.name
            else { continue }
            let entry = unsafe String(cString: text)
            guard !entry.hasSuffix("/") else { continue }
            indices[entry] = entries.count
            entries.append(ArchiveEntry(name: entry, index: Int(index), size: unsafe Int(clamping: status.size)))
        }
        self.entries = entries
        self.indices = indices
    }

    deinit { unsafe zip_discard(handle) }

    /// The entry of that name, the last one where a name occurs twice (as every unpacker leaves it on disk).
    package func entry(named name: String) -> ArchiveEntry? { indices[name].map { entries[$0] } }

    /// Unpacks one entry and checks its checksum; fails where it has more than `limit` bytes, whatever the directory says.
    package func read(_ name: String, limit: Int = 1 << 29) throws(ArchiveError) -> Data {
        guard let entry = entry(named: name) else { throw .noEntry(archive: self.name, entry: name) }
        return try read(entry, limit: limit)
    }

    /// Unpacks one entry and checks its checksum; fails where it has more than `limit` bytes, whatever the directory says.
    package func read(_ entry: ArchiveEntry, limit: Int = 1 << 29) throws(ArchiveError) -> Data {
        guard entry.size <= limit else { throw .tooLarge(archive: name, entry: entry.name, limit: limit) }
        guard let file = unsafe zip_fopen_index(handle, zip_uint64_t(entry.index), 0) else {
            let failure = unsafe zip_get_error(handle)
            let code = unsafe zip_error_code_zip(failure)
            guard code != ZIP_ER_NOPASSWD, code != ZIP_ER_ENCRNOTSUPP else {
                throw .encrypted(archive: name, entry: entry.name)
            }
            throw .damaged(archive: name, entry: entry.name, reason: unsafe ZipText.text(failure))
        }
        defer { _ = unsafe zip_fclose(file) }
        var result = Data()
        // A stated size is a wish: reserve no more than a moderate block for it, and grow with what really comes.
        result.reserveCapacity(min(entry.size, 1 << 24))
        var block = [UInt8](repeating: 0, count: max(4096, min(entry.size, 1 << 20)))
        while true {
            let count = unsafe block.withUnsafeMutableBytes { buffer -> Int in
                guard let start = buffer.baseAddress else { return 0 }
                return Int(unsafe zip_fread(file, start, zip_uint64_t(buffer.count)))
            }
            guard count >= 0 else {
                throw .damaged(
                    archive: name, entry: entry.name, reason: unsafe ZipText.text(zip_file_get_error(file)))
            }
            guard count > 0 else { break }
            guard count <= limit - result.count else { throw .tooLarge(archive: name, entry: entry.name, limit: limit) }
            result.append(contentsOf: block[..<count])
        }
        guard result.count == entry.size else {
            throw .damaged(
                archive: name, entry: entry.name, reason: "\(entry.size) bytes are stated and \(result.count) are there"
            )
        }
        return result
    }
}

/// The library's own words for its errors.
enum ZipText {
    static func text(code: Int32) -> String {
        var failure = unsafe zip_error_t()
        unsafe zip_error_init_with_code(&failure, code)
        defer { unsafe zip_error_fini(&failure) }
        return unsafe text(&failure)
    }

    @unsafe static func text(_ failure: UnsafeMutablePointer<zip_error_t>?) -> String {
        guard let failure = unsafe failure, let text = unsafe zip_error_strerror(failure) else { return "unknown" }
        return unsafe String(cString: text)
    }
}

/// Memory that a ZIP library reads from.
enum ZipSource {
    /// A source that owns a copy of `bytes`; nil where memory is short.
    @unsafe static func copying(_ bytes: Data, _ failure: UnsafeMutablePointer<zip_error_t>?) -> OpaquePointer? {
        guard let memory = unsafe malloc(max(1, bytes.count)) else { return nil }
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { _ = unsafe memcpy(memory, start, source.count) }
        }
        guard let source = unsafe zip_source_buffer_create(memory, zip_uint64_t(bytes.count), 1, failure) else {
            unsafe free(memory)
            return nil
        }
        return unsafe source
    }
}
