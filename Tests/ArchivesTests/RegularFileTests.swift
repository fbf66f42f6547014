import Archives
import Foundation
import TestSupport
import Testing

@Suite struct RegularFileTests {
    /// A pipe that nobody writes into would be waited for for ever.
    @Test func pipesAndDevicesAreRefusedAtOnce() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.path("pipe")
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        for path in [pipe, "/dev/zero", "/dev/null", folder.root] {
            #expect(throws: ArchiveError.notAFile(path: path)) { try RegularFile.read(path: path) }
            #expect(throws: ArchiveError.notAFile(path: path)) { try RegularFile.prefix(6, path: path) }
            #expect(throws: ArchiveError.notAFile(path: path)) { try RegularFile.readPortions(path: path) { _ in } }
        }
    }

    /// What the system makes up as it is read states no length.
    @Test func filesWithoutALengthAreEmpty() throws {
        #expect(try RegularFile.read(path: "/proc/self/maps").isEmpty)
    }

    @Test func bytesAreThoseOfFoundation() throws {
        let folder = try TemporaryFolder()
        let bytes = Data((0..<(3 << 20) + 17).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) })
        let path = folder.path("bytes")
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(try RegularFile.read(path: path) == bytes)
        #expect(try RegularFile.size(path: path) == bytes.count)
        #expect(try RegularFile.prefix(5, path: path) == bytes.prefix(5))
        var portions = Data()
        try RegularFile.readPortions(path: path) { portions.append($0) }
        #expect(portions == bytes)
        #expect(throws: ArchiveError.fileTooLarge(path: path, bytes: bytes.count, limit: 1 << 20)) {
            try RegularFile.read(path: path, maximumBytes: 1 << 20)
        }
    }

    /// A file of holes takes no room on the disk, and all of its length in memory.
    @Test func aFileOfHolesIsRefusedBeforeMemoryIsTaken() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("holes")
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        #expect(unsafe truncate(path, 1 << 42) == 0)
        #expect(throws: ArchiveError.fileTooLarge(path: path, bytes: 1 << 42, limit: RegularFile.maximumBytes)) {
            try RegularFile.read(path: path)
        }
    }
}
