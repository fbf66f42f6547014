package import Foundation
import Synchronization

/// Writes files whole: a reader sees the old bytes or the new ones, never a part.
///
/// Nothing replaces an input of the run (`InputFiles`), nor what is no regular file: a folder, a device, a pipe.
package enum WholeFile {
    /// Replaces the file at once; where it cannot, the old one stays and nothing is left behind, also by a process that is killed.
    package static func write(_ data: Data, to path: String) throws(ArchiveError) {
        let target = try target(of: path)
        guard let code = UnfinishedWork.whole({ replace(target, by: data) }) else { return }
        throw .unwritable(path: path, reason: SystemReason.text(code))
    }

    /// The path behind symbolic links that a file written to `path` has.
    ///
    /// - Throws: where that is an input of the run, or no regular file.
    @discardableResult
    package static func target(of path: String) throws(ArchiveError) -> String {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            let code = errno
            guard code == ENOENT else { throw .unwritable(path: path, reason: SystemReason.text(code)) }
            guard unsafe lstat(path, &status) != 0 else {
                throw .unwritable(path: path, reason: "it is a symbolic link that leads nowhere")
            }
            return path
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw .unwritable(path: path, reason: isFolder ? "it is a folder" : "it is no regular file")
        }
        if let role = InputFiles.ofRun?.role(of: FileIdentity(status)) {
            throw .unwritable(path: path, reason: "it is \(role)")
        }
        guard let resolved = unsafe realpath(path, nil) else {
            throw .unwritable(path: path, reason: SystemReason.text(errno))
        }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static let serial = Atomic<Int>(0)

    /// Writes a neighbour of what `target(of:)` found and renames it; returns the system's error number where something fails.
    package static func replace(_ target: String, by data: Data) -> Int32? {
        let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? "./"
        // The name is short whatever the file's is: names of 255 bytes have room for no more.
        let number = serial.wrappingAdd(1, ordering: .relaxed).newValue
        let neighbour = "\(folder).gaze-\(getpid())-\(number)"
        // A file without a name goes with the process that makes it; not every file system has them.
        let nameless = unsafe open(folder, O_WRONLY | O_CLOEXEC | unnamed, 0o666)
        let isNamed = nameless < 0
        let descriptor = isNamed ? unsafe open(neighbour, O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL, 0o666) : nameless
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        keepPermissions(of: target, on: descriptor)
        var problem = Descriptor.write(data, to: descriptor)
        if problem == nil, !isNamed {
            let path = "/proc/self/fd/\(descriptor)"
            if unsafe linkat(AT_FDCWD, path, AT_FDCWD, neighbour, AT_SYMLINK_FOLLOW) != 0 { problem = errno }
        }
        if problem == nil, unsafe rename(neighbour, target) != 0 { problem = errno }
        if problem != nil { unsafe unlink(neighbour) }
        return problem
    }

    /// `O_TMPFILE` without `O_DIRECTORY`, which Swift does not import.
    private static var unnamed: Int32 { 0o20000000 | O_DIRECTORY }

    /// A file that is replaced keeps who may read it.
    private static func keepPermissions(of target: String, on descriptor: Int32) {
        var status = stat()
        guard unsafe stat(target, &status) == 0 else { return }
        _ = fchmod(descriptor, status.st_mode & 0o777)
    }
}

/// Which file a path leads to, whatever links stand between.
struct FileIdentity: Hashable {
    private let device: UInt64
    private let number: UInt64

    init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
    }

    /// The file's at `path`; nil where there is none.
    init?(path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}
