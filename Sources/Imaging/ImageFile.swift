import Archives
import Foundation

/// Picture files as bytes: bounded reading, and writing that leaves the old file or the new one, never half of one.
enum ImageFile {
    /// The bytes of a file or pipe.
    static func contents(of path: String, maximumBytes: Int) throws(ImagingError) -> Data {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw .fileNotFound(path: path) }
            throw .unreadable(path: path, reason: systemReason(errno))
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw .unreadable(path: path, reason: systemReason(errno))
        }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw .isFolder(path: path) }
        guard Int(status.st_size) <= maximumBytes else { throw .fileTooLarge(name: path, maximumBytes: maximumBytes) }
        return try contents(of: descriptor, path: path, expectedBytes: Int(status.st_size), maximumBytes: maximumBytes)
    }

    private static func contents(
        of descriptor: Int32, path: String, expectedBytes: Int, maximumBytes: Int
    ) throws(ImagingError) -> Data {
        var data = Data()
        data.reserveCapacity(max(0, expectedBytes))
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count == 0 { return data }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw .unreadable(path: path, reason: systemReason(errno))
            }
            guard data.count + count <= maximumBytes else {
                throw .fileTooLarge(name: path, maximumBytes: maximumBytes)
            }
            data.append(contentsOf: chunk[..<count])
        }
    }

    /// Writes a file in one step: a temporary neighbour takes its place when it is complete.
    static func write(_ data: Data, to path: String) throws(ImagingError) {
        let target: String
        do { target = try WholeFile.target(of: path) } catch {
            throw .unwritable(path: path, reason: error.writingReason)
        }
        if let code = WholeFile.replace(target, by: data) {
            throw .unwritable(path: path, reason: systemReason(code))
        }
    }

    private static func systemReason(_ code: Int32) -> String {
        unsafe strerror(code).map { text in unsafe String(cString: text) } ?? "error \(code)"
    }
}
