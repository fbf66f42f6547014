import Foundation
import Imaging
import TestSupport
import Testing

/// Standard streams that are full, closed or read no further.
@Suite struct StreamTests {
    /// Runs a line of bash in `folder`, with the command as `$GAZE`; its standard output and error are whatever the line does not redirect.
    ///
    /// - Parameter name: What the line finds in `$0`.
    static func bash(
        _ line: String, name: String = "bash", in folder: String
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", line, name]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(["GAZE": Command.path]) { $1 }
        let output = URL(fileURLWithPath: "\(folder)/.output")
        try Data().write(to: output)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: try Data(contentsOf: output), as: UTF8.self))
    }

    /// Every command that puts out data, with arguments that make it do so.
    private static let lines = [
        "--help", "--version", "evaluate --help", "explain tiny.onnx a.png -o e --preset zero-to-one",
        "explain tiny.onnx a.png -o e --preset zero-to-one --json",
        "explain tiny.onnx a.png -o e --preset zero-to-one --preview",
        "predict tiny.onnx a.png --preset zero-to-one", "inspect tiny.onnx", "inspect tiny.onnx --graph",
        "check tiny.onnx a.png -m gradient-x-input --preset zero-to-one",
        "evaluate tiny.onnx pictures -o v -m gradient --metrics average-drop --preset zero-to-one", "methods",
        "methods gradcam",
        "metrics", "models list", "compile tiny.onnx --method gradient -o c.onnx", "verify tiny.onnx",
        "compare-maps x.npy x.npy --metric pearson",
    ]

    private static func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        _ = try TinyClassifier.write(into: folder.root, side: 8, channels: 3)
        try FileManager.default.createDirectory(atPath: folder.path("pictures"), withIntermediateDirectories: true)
        // Of a picture of one colour there is no map that could be compared.
        let picture = Picture(width: 9, height: 9, pixels: (0..<243).map { UInt8($0 * 37 % 256) })
        for name in ["a", "pictures/1", "pictures/2"] { try picture.write(to: folder.path("\(name).png")) }
        return folder
    }

    @Test(arguments: lines) func whatCannotBeWrittenEndsInOneSentence(line: String) throws {
        let folder = try Self.folder()
        for stream in ["/dev/full", "&-"] {
            let (status, said) = try Self.bash("\"$GAZE\" \(line) 2>&1 >\(stream)", in: folder.root)
            #expect(status == 2, "\(line) >\(stream): \(said)")
            let sentences = said.split(separator: "\n").filter { $0.hasPrefix("gaze: ") }
            #expect(sentences.count == 1 && said.contains("Standard output cannot be written"), "\(said)")
        }
    }

    @Test(arguments: lines) func aReaderThatIsGoneEndsQuietly(line: String) throws {
        let folder = try Self.folder()
        let (_, output) = try Self.bash(
            "{ \"$GAZE\" \(line) 2>said; echo $? >status; } | true; until [ -s status ]; do sleep 0.01; done; cat status; grep -c 'gaze: ' said",
            in: folder.root)
        #expect(output == "141\n0\n", "\(line)")
    }

    @Test(arguments: lines) func standardErrorMayBeGone(line: String) throws {
        let folder = try Self.folder()
        for stream in ["/dev/full", "&-"] {
            let (status, _) = try Self.bash("\"$GAZE\" \(line) >/dev/null 2>\(stream)", in: folder.root)
            #expect(status == 0, "\(line) 2>\(stream)")
        }
        #expect(try Self.bash("\"$GAZE\" inspect absent.onnx 2>/dev/full", in: folder.root).status == 2)
        #expect(try Self.bash("\"$GAZE\" inspect 2>/dev/full", in: folder.root).status == 64)
    }

    @Test func filesNeverGetTheNumberOfAStream() throws {
        let folder = try Self.folder()
        let line = "\"$GAZE\" explain tiny.onnx a.png -o FOLDER --preset zero-to-one"
        _ = try Self.bash(line.replacing("FOLDER", with: "open"), in: folder.root)
        let (status, _) = try Self.bash(line.replacing("FOLDER", with: "closed") + " <&- >&- 2>&-", in: folder.root)
        #expect(status == 2)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("open")).sorted()
        #expect(names.count == 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("closed")).sorted() == names)
        // What was written before the stream failed is whole: the same bytes, but for the record's time.
        for name in names where !name.hasSuffix(".json") {
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: folder.path("open/\(name)")))
                    == Data(contentsOf: URL(fileURLWithPath: folder.path("closed/\(name)"))))
        }
    }
}
