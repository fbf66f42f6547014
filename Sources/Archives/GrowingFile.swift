package import Foundation

/// A file that grows over a run: `NAME.partial` until it is whole, and locked, so that no second run has it.
///
/// What a killed run leaves is taken over. The lock goes with the value, or with the process.
package final class GrowingFile {
    private let path: String
    private let partial: String
    private let descriptor: Int32
    private var isPublished = false
    /// Goes with a process that is ended in the middle.
    private var remnant: UnfinishedWork.Remnant?

    /// Begins the file that will be `path`.
    ///
    /// - Throws: `ArchiveError.busy` where another run is at it, `ArchiveError.unwritable` where it cannot be made.
    package init(path: String) throws(ArchiveError) {
        self.path = path
        partial = path + ".partial"
        try WholeFile.target(of: path)
        while true {
            try WholeFile.target(of: partial)
            let opened = unsafe open(partial, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
            guard opened >= 0 else { throw .unwritable(path: partial, reason: SystemReason.text(errno)) }
            if flock(opened, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                close(opened)
                throw .busy(path: path)
            }
            // Whoever held the lock may have renamed the file since it was opened.
            var status = stat()
            if unsafe fstat(opened, &status) == 0, FileIdentity(status) == FileIdentity(path: partial) {
                descriptor = opened
                break
            }
            close(opened)
        }
        remnant = UnfinishedWork.Remnant { [partial] in _ = unsafe unlink(partial) }
        guard ftruncate(descriptor, 0) == 0 else {
            let reason = SystemReason.text(errno)
            close(descriptor)
            throw .unwritable(path: partial, reason: reason)
        }
    }

    /// Adds bytes at the end.
    package func add(_ bytes: Data) throws(ArchiveError) {
        guard let code = Descriptor.write(bytes, to: descriptor) else { return }
        throw .unwritable(path: partial, reason: SystemReason.text(code))
    }

    /// Gives the file its name; it stays locked.
    package func publish() throws(ArchiveError) {
        let target = try WholeFile.target(of: path)
        guard UnfinishedWork.whole({ unsafe rename(partial, target) }) == 0 else {
            throw .unwritable(path: path, reason: SystemReason.text(errno))
        }
        isPublished = true
        remnant = nil
    }

    deinit {
        if !isPublished { unsafe unlink(partial) }
        close(descriptor)
    }
}

/// Locks on folders, which the system releases with the process.
package final class FolderLock {
    private let descriptor: Int32

    /// Takes the lock; nil where another process has it.
    package init?(_ path: String) {
        descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }

    /// Runs `body` while no other process does so for the folder: files that belong together stay together.
    ///
    /// `body` only writes what is made already, so others wait for moments. File systems without locks go without.
    package static func during<Result>(_ path: String, _ body: () throws -> Result) rethrows -> Result {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        if descriptor >= 0 { while flock(descriptor, LOCK_EX) != 0, errno == EINTR {} }
        return try body()
    }
}
