import Archives
import Foundation

/// Picture files as bytes: bounded reading, and writing that leaves the old file or the new one, never half of one.
enum ImageFile {
    /// How long a pipe may be silent, in milliseconds: until its first byte where nobody writes, and where someone may.
    private static let (patienceForWriter, patience) = (1_000, 10_000)

    /// The bytes of a file or pipe.
    static func contents(of path: String, maximumBytes: Int) throws(ImagingError) -> Data {
        // Opening a pipe without a writer would wait for one for ever.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw .fileNotFound(path: path) }
            throw .unreadable(path: path, reason: systemReason(errno))
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw .unreadable(path: path, reason: systemReason(errno))
        }
        let kind = status.st_mode & S_IFMT
        guard kind != S_IFDIR else { throw .isFolder(path: path) }
        guard Int(status.st_size) <= maximumBytes else { throw .fileTooLarge(name: path, maximumBytes: maximumBytes) }
        // A file is what it was when it was opened; what states no length and is none is read to its end.
        let expected = kind == S_IFREG ? Int(status.st_size) : nil
        return try contents(of: descriptor, path: path, expectedBytes: expected, maximumBytes: maximumBytes)
    }

    private static func contents(
        of descriptor: Int32, path: String, expectedBytes: Int?, maximumBytes: Int
    ) throws(ImagingError) -> Data {
        var data = Data()
        data.reserveCapacity(expectedBytes ?? 0)
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        var waited = 0
        while data.count < expectedBytes ?? .max {
            let wanted = min(chunk.count, (expectedBytes ?? .max) - data.count)
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress, wanted)
            }
            if count > 0 {
                guard data.count + count <= maximumBytes else {
                    throw .fileTooLarge(name: path, maximumBytes: maximumBytes)
                }
                data.append(contentsOf: chunk[..<count])
                waited = 0
                continue
            }
            switch (count, errno) {
            case (0, _):
                // The end; or, before the first byte of a pipe, that nobody has opened it for writing yet.
                guard expectedBytes == nil, data.isEmpty, waited < patienceForWriter else { return data }
            case (_, EINTR): continue
            case (_, EAGAIN):
                guard waited < patience else {
                    throw .unreadable(path: path, reason: "nothing came out of it for \(patience / 1000) seconds")
                }
            default: throw .unreadable(path: path, reason: systemReason(errno))
            }
            usleep(20_000)
            waited += 20
        }
        return data
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
