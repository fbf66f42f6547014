import Archives
import Foundation
import TestSupport
import Testing

@Suite struct WholeFileTests {
    private static let bytes = Data("new".utf8)

    private static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }

    @Test func aFileIsReplacedAndNothingElseStays() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a")
        try WholeFile.write(Data("old".utf8), to: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        try WholeFile.write(Self.bytes, to: path)
        #expect(try Self.text(path) == "new")
        #expect(try folder.names() == ["a"])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o640)
    }

    @Test func namesOf255BytesHaveRoom() throws {
        let folder = try TemporaryFolder()
        let name = String(repeating: "n", count: 255)
        try WholeFile.write(Self.bytes, to: folder.path(name))
        #expect(try folder.names() == [name])
        #expect(throws: ArchiveError.self) { try WholeFile.write(Self.bytes, to: folder.path(name + "n")) }
    }

    @Test func whatIsNoRegularFileIsRefused() throws {
        let folder = try TemporaryFolder()
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder.path("folder"), withIntermediateDirectories: true)
        unsafe mkfifo(folder.path("pipe"), 0o600)
        try manager.createSymbolicLink(atPath: folder.path("dangling"), withDestinationPath: "nowhere")
        try manager.createSymbolicLink(atPath: folder.path("device"), withDestinationPath: "/dev/null")
        let before = try folder.names()
        for name in before {
            #expect(throws: ArchiveError.self, "\(name)") { try WholeFile.write(Self.bytes, to: folder.path(name)) }
        }
        #expect(try folder.names() == before)
        #expect(throws: ArchiveError.self) { try WholeFile.write(Self.bytes, to: "/dev/null") }
        #expect(throws: ArchiveError.self) { try WholeFile.write(Self.bytes, to: folder.path("absent/a")) }
    }

    @Test func aLinkToAnEarlierResultIsFollowed() throws {
        let folder = try TemporaryFolder()
        try WholeFile.write(Data("old".utf8), to: folder.path("a"))
        try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "a")
        try WholeFile.write(Self.bytes, to: folder.path("link"))
        #expect(try Self.text(folder.path("a")) == "new")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link")) == "a")
    }

    @Test func inputsOfTheRunAreNeverReplacedByWhateverName() throws {
        let folder = try TemporaryFolder()
        let manager = FileManager.default
        try WholeFile.write(Data("input".utf8), to: folder.path("input"))
        try manager.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "input")
        try manager.linkItem(atPath: folder.path("input"), toPath: folder.path("hard"))
        try manager.createDirectory(atPath: folder.path("sub"), withIntermediateDirectories: true)
        let inputs = InputFiles()
        inputs.add(folder.path("input"), as: "the photograph")
        inputs.add(folder.path("absent"), as: "nothing")
        for name in ["input", "link", "hard", "sub/../input"] {
            InputFiles.$ofRun.withValue(inputs) {
                let error = #expect(throws: ArchiveError.self, "\(name)") {
                    try WholeFile.write(Self.bytes, to: folder.path(name))
                }
                #expect(error?.description.contains("it is the photograph") == true)
            }
        }
        #expect(try Self.text(folder.path("input")) == "input")
        try InputFiles.$ofRun.withValue(inputs) { try WholeFile.write(Self.bytes, to: folder.path("absent")) }
        // Another run may.
        try WholeFile.write(Self.bytes, to: folder.path("input"))
        #expect(try Self.text(folder.path("input")) == "new")
    }

    @Test func streamsThatCannotBeWrittenSayWhy() throws {
        let full = unsafe open("/dev/full", O_WRONLY)
        defer { close(full) }
        #expect(Descriptor.write(Self.bytes, to: full) == ENOSPC)
        #expect(Descriptor.write(Data(), to: full) == nil)
        #expect(Descriptor.write(Self.bytes, to: 1 << 20) == EBADF)
    }
}

@Suite struct GrowingFileTests {
    @Test func aSecondRunIsRefusedUntilTheFirstEnds() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("lines")
        do {
            let first = try GrowingFile(path: path)
            try first.add(Data("one\n".utf8))
            #expect(throws: ArchiveError.busy(path: path)) { _ = try GrowingFile(path: path) }
            try first.add(Data("two\n".utf8))
            try first.publish()
            // The name is free, the lock is not needed any more for what is published.
            #expect(try folder.names() == ["lines"])
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("one\ntwo\n".utf8))
        }
        let second = try GrowingFile(path: path)
        try second.publish()
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)).isEmpty)
    }

    @Test func leftoversAreTakenOverAndRemoved() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("lines")
        try WholeFile.write(Data("of a killed run".utf8), to: path + ".partial")
        do {
            let file = try GrowingFile(path: path)
            try file.add(Data("one".utf8))
            try file.publish()
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("one".utf8))
        do { try GrowingFile(path: path).add(Data("never published".utf8)) }
        #expect(try folder.names() == ["lines"])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("one".utf8))
    }

    @Test func aFolderIsLockedByOne() throws {
        let folder = try TemporaryFolder()
        do {
            let lock = FolderLock(folder.root)
            #expect(lock != nil)
            #expect(FolderLock(folder.root) == nil)
            withExtendedLifetime(lock) {}
        }
        #expect(FolderLock(folder.root) != nil)
        #expect(FolderLock(folder.path("absent")) == nil)
        #expect(FolderLock.during(folder.root) { 3 } == 3)
    }
}

@Suite struct ForeignTextTests {
    @Test(arguments: [
        ("plain, ümläut, 猫 🐈", "plain, ümläut, 猫 🐈"),
        ("\u{1B}[2J", "\\u{1b}[2J"),
        ("a\u{0}b\tc\r\nd\u{7F}", "a\\u{0}b\\u{9}c\\u{d}\\u{a}d\\u{7f}"),
        ("\u{80}\u{9B}31m\u{9F}\u{A0}", "\\u{80}\\u{9b}31m\\u{9f}\u{A0}"),
        ("gnp\u{202E}exe.\u{2066}x\u{2069}\u{2028}\u{2029}", "gnp\\u{202e}exe.\\u{2066}x\\u{2069}\\u{2028}\\u{2029}"),
    ])
    func whatSteersIsWrittenOut(text: String, shown: String) { #expect(text.shown == shown) }

    @Test func shownJSONMeansTheSame() throws {
        let json = "{\n  \"a\u{202e}b\" : \"\u{9b}1\u{7f}é\"\n}"
        #expect(json.shownJSON == "{\n  \"a\\u202eb\" : \"\\u009b1\\u007fé\"\n}")
        let (before, after) = (json, json.shownJSON)
        let decoder = JSONDecoder()
        #expect(
            try decoder.decode([String: String].self, from: Data(before.utf8))
                == decoder.decode([String: String].self, from: Data(after.utf8)))
    }

    @Test func longTextKeepsItsStartAndItsEnd() {
        #expect("0123456789".shortened(to: 10) == "0123456789")
        #expect("0123456789A".shortened(to: 10) == "0123456…9A")
        #expect(String(repeating: "ü", count: 8).shortened(to: 8).count == 8)
        #expect(String(repeating: "x", count: 100_000).shortened(to: 200).count == 200)
    }
}
