import Archives
package import Foundation

/// A folder that results are written into.
package struct OutputFolder: Sendable {
    /// Its path.
    package let path: String

    /// The folder at a path; it need not exist yet.
    package init(_ path: String) { self.path = path }

    /// Makes the folder; fails before any work is done where it cannot be written.
    package func make() throws(ReportError) {
        // The system takes paths of 4096 bytes and names of 255.
        guard path.utf8.count + 256 < Int(PATH_MAX) else {
            throw .unwritable(path: path, reason: "the path is so long that no file in it would have room for its name")
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .unwritable(path: path, reason: SystemReason.words(for: error))
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw .unwritable(path: path, reason: "permission is denied")
        }
    }

    /// The path of a file in the folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Refuses names that inputs of the run have, or what is no regular file; before any work where the names are known.
    package func check(_ names: [String]) throws(ReportError) {
        for name in names {
            do { try WholeFile.target(of: file(name)) } catch {
                throw .unwritable(path: file(name), reason: error.writingReason)
            }
        }
    }

    /// Writes a file, whole or not at all, and returns its path.
    @discardableResult
    package func write(_ data: Data, to name: String) throws(ReportError) -> String {
        do { try WholeFile.write(data, to: file(name)) } catch {
            throw .unwritable(path: file(name), reason: error.writingReason)
        }
        return file(name)
    }

    /// Writes files that belong together: none where one of the names is refused, and no other run's between them.
    package func together<Result>(_ names: [String], _ write: () throws -> Result) throws -> Result {
        try make()
        try check(names)
        return try UnfinishedWork.whole { try FolderLock.during(path, write) }
    }
}
