import CZip

package import struct Foundation.Data

/// Collects files and writes them as one ZIP archive.
package struct ArchiveWriter: Sendable {
    /// How an entry is packed.
    package enum Method: Sendable, Hashable {
        /// The bytes as they are.
        case stored
        /// Deflate, which every reader knows.
        case deflated
    }

    private var entries: [(name: String, data: Data, method: Method)] = []

    /// An archive without files.
    package init() {}

    /// Adds a file; a name that was added before is replaced.
    package mutating func add(_ name: String, _ data: Data, method: Method = .stored) {
        entries.removeAll { $0.name == name }
        entries.append((name, data, method))
    }

    /// Writes the archive: first beside `path`, then renamed, so that `path` is whole or untouched.
    ///
    /// Equal entries give equal bytes: no time of writing is stored.
    package func write(path: String) throws(ArchiveError) {
        guard !entries.isEmpty else { throw .unwritable(path: path, reason: "a ZIP archive needs at least one file") }
        let target = try WholeFile.target(of: path)
        var code: Int32 = 0
        guard let archive = unsafe zip_open(target, ZIP_CREATE | ZIP_TRUNCATE, &code) else {
            throw .unwritable(path: path, reason: ZipText.text(code: code))
        }
        for entry in entries {
            guard unsafe Self.add(entry, to: archive) else {
                let reason = unsafe ZipText.text(zip_get_error(archive))
                unsafe zip_discard(archive)
                throw .unwritable(path: path, reason: reason)
            }
        }
        guard unsafe zip_close(archive) == 0 else {
            let reason = unsafe ZipText.text(zip_get_error(archive))
            unsafe zip_discard(archive)
            throw .unwritable(path: path, reason: reason)
        }
    }

    @unsafe private static func add(
        _ entry: (name: String, data: Data, method: Method), to archive: OpaquePointer
    ) -> Bool {
        guard let source = unsafe ZipSource.copying(entry.data, zip_get_error(archive)) else { return false }
        let index = unsafe zip_file_add(archive, entry.name, source, ZIP_FL_ENC_UTF_8)
        guard index >= 0 else {
            unsafe zip_source_free(source)
            return false
        }
        let position = zip_uint64_t(index)
        let method = entry.method == .stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE
        // The first day that the format can express: 1980-01-01.
        return unsafe zip_set_file_compression(archive, position, method, 0) == 0
            && zip_file_set_dostime(archive, position, 0, 1 << 5 | 1, 0) == 0
    }
}
