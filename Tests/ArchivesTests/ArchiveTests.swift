import Archives
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct ArchiveTests {
    /// Written with Python: `zipfile.ZipFile(…, compression=ZIP_DEFLATED).writestr("a/ä.txt", "gaze " * 8)`.
    static let python = Data(
        base64Encoded: """
            UEsDBBQAAAgIAAAAIVAKGn6aCgAAACgAAAAIAAAAYS/DpC50eHRLT6xKVUgnTAAAUEsBAhQDFAAACAgAAAAhUAoafpoKAAAA
            KAAAAAgAAAAAAAAAAAAAAIABAAAAAGEvw6QudHh0UEsFBgAAAAABAAEANgAAADAAAAAAAA==
            """, options: .ignoreUnknownCharacters)

    @Test func readsWhatPythonWrote() throws {
        let reader = try ArchiveReader(data: #require(Self.python), name: "python.zip")
        #expect(reader.entries.map(\.name) == ["a/ä.txt"])
        #expect(reader.entries.map(\.size) == [40])
        #expect(try reader.read("a/ä.txt") == Data(String(repeating: "gaze ", count: 8).utf8))
    }

    @Test func writesAndReadsBothMethods() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.zip")
        let zeros = Data(count: 100_000)
        var writer = ArchiveWriter()
        writer.add("stored", zeros)
        writer.add("deflated", zeros, method: .deflated)
        writer.add("empty", Data())
        writer.add("empty", Data())
        try writer.write(path: path)
        let bytes = try RegularFile.read(path: path)
        #expect(bytes.count > 100_000 && bytes.count < 102_000)
        for reader in [try ArchiveReader(path: path), try ArchiveReader(data: bytes, name: "memory")] {
            #expect(reader.entries.map(\.name) == ["stored", "deflated", "empty"])
            #expect(try reader.read("stored") == zeros)
            #expect(try reader.read("deflated") == zeros)
            #expect(try reader.read("empty") == Data())
        }
        try writer.write(path: folder.path("b.zip"))
        #expect(try RegularFile.read(path: folder.path("b.zip")) == bytes, "equal entries give equal bytes")
        #expect(try folder.names() == ["a.zip", "b.zip"], "no temporary file stays")
    }

    @Test func stopsAtTheLimit() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("bomb.zip")
        var writer = ArchiveWriter()
        writer.add("zeros", Data(count: 1_000_000), method: .deflated)
        try writer.write(path: path)
        #expect(throws: ArchiveError.tooLarge(archive: path, entry: "zeros", limit: 999_999)) {
            try ArchiveReader(path: path).read("zeros", limit: 999_999)
        }
        // The same archive with both stated lengths lowered to 1000: what comes out must still be bounded.
        var lying = try RegularFile.read(path: path)
        let stated = Data([0x40, 0x42, 0x0F, 0x00])
        for _ in 0..<2 {
            let range = try #require(lying.range(of: stated))
            lying.replaceSubrange(range, with: [0xE8, 0x03, 0, 0])
        }
        #expect(throws: ArchiveError.self) {
            try ArchiveReader(data: lying, name: "lying").read("zeros", limit: 2000)
        }
    }

    @Test func refusesDamage() throws {
        let bytes = try #require(Self.python)
        var flipped = bytes
        flipped[40] ^= 0x10
        #expect(throws: ArchiveError.self) { try ArchiveReader(data: flipped, name: "x").read("a/ä.txt") }
        #expect(throws: ArchiveError.self) { try ArchiveReader(data: bytes.prefix(60), name: "x") }
        #expect(throws: ArchiveError.self) { try ArchiveReader(data: Data(), name: "x") }
        #expect(throws: ArchiveError.noEntry(archive: "x", entry: "b")) {
            try ArchiveReader(data: bytes, name: "x").read("b")
        }
    }

    @Test func refusesWhatIsNoFile() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ArchiveError.notAFile(path: folder.root)) { try ArchiveReader(path: folder.root) }
        #expect(throws: ArchiveError.notAFile(path: "/dev/zero")) { try RegularFile.read(path: "/dev/zero") }
        let missing = folder.path("missing")
        let error = #expect(throws: ArchiveError.self) { try ArchiveReader(path: missing) }
        #expect(error?.description.contains("there is no such file") == true)
        var writer = ArchiveWriter()
        #expect(throws: ArchiveError.self) { try writer.write(path: missing) }
        writer.add("a", Data([1]))
        #expect(throws: ArchiveError.self) { try writer.write(path: folder.path("no/such/folder.zip")) }
        #expect(throws: ArchiveError.self) { try WholeFile.write(Data([1]), to: folder.path("no/such/file")) }
    }

    @Test func mutatedArchivesNeverCrash() throws {
        let folder = try TemporaryFolder()
        var writer = ArchiveWriter()
        writer.add("one", Data((0..<100).map { UInt8($0) }))
        writer.add("two", Data(count: 300), method: .deflated)
        try writer.write(path: folder.path("a.zip"))
        let original = try RegularFile.read(path: folder.path("a.zip"))
        var random = SeededGenerator(seed: 7)
        var (errors, results) = (0, 0)
        for _ in 0..<10_000 {
            do throws(ArchiveError) {
                let reader = try ArchiveReader(data: original.mutated(using: &random), name: "fuzz")
                for entry in reader.entries { #expect(try reader.read(entry, limit: 1 << 20).count <= 1 << 20) }
                results += 1
            } catch { errors += 1 }
        }
        #expect(errors > 1000 && results > 100, "\(errors) errors and \(results) results: both paths must be walked")
    }
}
