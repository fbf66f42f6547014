package import Foundation
import Glibc

/// Reads whole files, and refuses what never ends or never begins: devices and pipes.
///
/// A file is what it was when it was opened: no more bytes are read than it stated then, so files that grow while they are read, or
/// that the system makes up as it goes along (`/proc/kmsg`), end as well.
package enum RegularFile {
    /// The most bytes that are read of one file, unless its reader says otherwise.
    package static let maximumBytes = 1 << 30

    /// The length of the file in bytes.
    package static func size(path: String) throws(ArchiveError) -> Int {
        let (descriptor, size) = try opened(path)
        close(descriptor)
        return size
    }

    /// All bytes of the file, which are checked to be no more than `maximumBytes` before memory is taken.
    package static func read(path: String, maximumBytes: Int = maximumBytes) throws(ArchiveError) -> Data {
        let (descriptor, size) = try opened(path)
        defer { close(descriptor) }
        guard size <= maximumBytes else { throw .fileTooLarge(path: path, bytes: size, limit: maximumBytes) }
        return try portion(size, of: descriptor, path: path)
    }

    /// The first bytes of the file, at most `count`; fewer where it is shorter.
    package static func prefix(_ count: Int, path: String) throws(ArchiveError) -> Data {
        let (descriptor, size) = try opened(path)
        defer { close(descriptor) }
        return try portion(min(count, size), of: descriptor, path: path)
    }

    /// Hands on all bytes of the file, a mebibyte at a time.
    package static func readPortions(path: String, _ take: (Data) -> Void) throws(ArchiveError) {
        let (descriptor, size) = try opened(path)
        defer { close(descriptor) }
        var rest = size
        while rest > 0 {
            let next = try portion(min(rest, 1 << 20), of: descriptor, path: path)
            guard !next.isEmpty else { return }
            take(next)
            rest -= next.count
        }
    }

    /// An open regular file and its length; without waiting, because a pipe without a writer would be waited for for ever.
    private static func opened(_ path: String) throws(ArchiveError) -> (descriptor: Int32, size: Int) {
        guard !path.utf8.contains(0) else { throw .unreadable(path: path, reason: "there is no such file or folder") }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            // A socket cannot be opened, nor can a device that is not there.
            guard errno != ENXIO, errno != ENODEV else { throw .notAFile(path: path) }
            throw .unreadable(path: path, reason: SystemReason.text(errno))
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notAFile(path: path)
        }
        return (descriptor, Int(status.st_size))
    }

    /// The next `count` bytes; fewer at the end of the file.
    private static func portion(_ count: Int, of descriptor: Int32, path: String) throws(ArchiveError) -> Data {
        var bytes = Data(count: count)
        var done = 0
        while done < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + done }, count - done)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw .unreadable(path: path, reason: SystemReason.text(errno)) }
            guard got > 0 else { return bytes.prefix(done) }
            done += got
        }
        return bytes
    }
}
