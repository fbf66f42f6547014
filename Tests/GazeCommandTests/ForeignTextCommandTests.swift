import Foundation
import Graphs
import Imaging
import ONNXFormat
import Tensors
import TestSupport
import Testing

/// Names that strangers chose, on a terminal and in suggestions.
@Suite struct ForeignTextCommandTests {
    private static let preset = ["--preset", "zero-to-one"]
    /// A window's title, a cleared screen, C1's own escape, a turned direction, a second line.
    private static let hostile = "\u{1B}]0;t\u{7}\u{1B}[2J\u{9B}31m\u{202E}\u{2066}\u{2028}cat\r\ngaze: forged"

    private static func steers(_ text: String) -> Bool {
        text.unicodeScalars.contains {
            ($0.value < 0x20 && $0 != "\n") || (0x7F...0x9F).contains($0.value)
                || (0x2028...0x202E).contains($0.value) || (0x2066...0x2069).contains($0.value)
        }
    }

    private static func model(named name: String, into folder: String) throws -> String {
        var graph = Graph()
        let x = graph.addInput(name + "x", type: .float32, dimensions: [1, 3, 8, 8].map { .fixed($0) })
        let map = graph.append("Relu", [x], name: name + "map")[0]
        let pooled = graph.append("GlobalAveragePool", [map], name: name + "pooled")[0]
        let flat = graph.append("Flatten", [pooled], name: name + "flat")[0]
        graph.outputs = [Graph.Output(name: name + "y", value: flat)]
        let path = folder + "/odd.onnx"
        try ONNXFile.write(graph.model(), to: path)
        return path
    }

    @Test func namesOfTensorsClassesAndFilesDoNotSteerTheTerminal() throws {
        let folder = try TemporaryFolder()
        let model = try Self.model(named: Self.hostile, into: folder.root)
        let labels = try JSONSerialization.data(withJSONObject: [Self.hostile, "dog", "emu"])
        try labels.write(to: URL(fileURLWithPath: folder.path("names.json")))
        let picture = folder.path("\u{1B}[31m\n\u{9B}.png")
        try Picture(width: 9, height: 9, red: 200).write(to: folder.path("a.png"))
        try FileManager.default.copyItem(atPath: folder.path("a.png"), toPath: picture)
        let out = folder.path("out")
        for arguments in [
            ["inspect", model], ["inspect", model, "--graph"], ["verify", model],
            ["predict", model, picture, "--labels", folder.path("names.json")] + Self.preset,
            ["explain", model, picture, "-c", "0", "--labels", folder.path("names.json"), "-o", out] + Self.preset,
            ["explain", model, picture + Self.hostile, "-o", out] + Self.preset,
            ["attribute", model, "--input", picture, "--target", "0", "--method", "score", "--output", out],
            ["compile", model, "--method", "gradient", "-o", folder.path("\u{1B}c.onnx")],
            ["methods", Self.hostile], [Self.hostile], ["explain", model, picture, "--box", Self.hostile],
            ["explain", model, picture, "--layer", Self.hostile, "-o", out] + Self.preset,
            ["evaluate", model, Self.hostile, "-o", out],
        ] {
            let outcome = try Command.run(arguments)
            #expect(!Self.steers(outcome.output), "\(arguments[0]): \(outcome.output.debugDescription)")
            #expect(!Self.steers(outcome.errors), "\(arguments[0]): \(outcome.errors.debugDescription)")
            #expect(!outcome.errors.split(separator: "\n").contains { $0.hasPrefix("gaze: forged") })
        }
    }

    @Test func nothingLongIsPrintedWhole() throws {
        let folder = try TemporaryFolder()
        let long = String(repeating: "name", count: 25_000)
        let model = try Self.model(named: long, into: folder.root)
        try Picture(width: 9, height: 9, red: 200).write(to: folder.path("a.png"))
        for arguments in [
            ["inspect", model], ["predict", model, folder.path("a.png")] + Self.preset, ["methods", long],
            ["explain", model, folder.path("a.png"), "-o", folder.path("out")] + Self.preset,
            ["explain", model, folder.path("a.png"), "--layer", long, "-o", folder.path("out")] + Self.preset,
            [
                "attribute", model, "--input", folder.path("a.png"), "--target", long, "--method", "score", "--output",
                "o",
            ],
        ] {
            let outcome = try Command.run(arguments)
            for line in (outcome.output + "\n" + outcome.errors).split(separator: "\n") {
                #expect(line.count <= 3000, "\(arguments[0]): \(line.count)")
            }
        }
    }

    @Test(arguments: ["a b", "it's $HOME `x`; \"y\"", "-x", "two\nlines\t\u{1B}", "ümläut", "plain", "\u{202E}gnp"])
    func whatIsSuggestedCanBeTyped(name: String) throws {
        let folder = try TemporaryFolder()
        let model = try TinyClassifier.write(into: folder.root, side: 8, channels: 3)
        try FileManager.default.moveItem(atPath: model, toPath: folder.path("\(name).onnx"))
        try Picture(width: 9, height: 9, red: 200).write(to: folder.path("\(name).png"))
        // Run where the files are, so that a name may begin with a minus; what is said is kept.
        _ = try StreamTests.bash(
            "\"$GAZE\" explain -o out --preset zero-to-one -- \"$0.onnx\" \"$0.png\" 2>said", name: name,
            in: folder.root)
        let said = String(
            decoding: try #require(FileManager.default.contents(atPath: folder.path("said"))), as: UTF8.self)
        let line = try #require(said.split(separator: "\n").last { $0.hasPrefix("next: gaze ") }, "\(said)")
        let command = line.dropFirst("next: gaze ".count).prefix { $0 != "(" }
        // The shell itself takes the words apart.
        let (status, output) = try StreamTests.bash("printf '%s\\0' \(command)", in: folder.root)
        let words = output.split(separator: "\0").map(String.init)
        let prefix = name.hasPrefix("-") ? "./" : ""
        #expect(status == 0 && Array(words.prefix(3)) == ["explain", "\(prefix)\(name).onnx", "\(prefix)\(name).png"])
    }

    @Test func argumentsThatAreNoUTF8AreRefused() throws {
        let folder = try TemporaryFolder()
        _ = try TinyClassifier.write(into: folder.root, side: 8, channels: 3)
        let (status, said) = try StreamTests.bash(
            "\"$GAZE\" explain tiny.onnx $'a\\xff.png' 2>&1", in: folder.root)
        #expect(status == 64 && said.contains("no UTF-8"), "\(said)")
        // The sign that stands for such bytes is a sign like others.
        try Picture(width: 9, height: 9, red: 200).write(to: folder.path("a\u{FFFD}.png"))
        #expect(
            try Command.run(["predict", folder.path("tiny.onnx"), folder.path("a\u{FFFD}.png")] + Self.preset).status
                == 0)
    }

    @Test func longNamesOfFilesAndFoldersWorkOrAreRefusedFirst() throws {
        let folder = try TemporaryFolder()
        let model = try TinyClassifier.write(into: folder.root, side: 8, channels: 3)
        let name = String(repeating: "n", count: 251)
        try Picture(width: 9, height: 9, red: 200).write(to: folder.path("\(name).png"))
        let fine = try Command.run(
            ["explain", model, folder.path("\(name).png"), "-o", folder.path("out")] + Self.preset)
        #expect(fine.status == 0, "\(fine.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("out")).count == 3)
        for long in [name + "nnnnnnn", Array(repeating: name, count: 16).joined(separator: "/")] {
            let refused = try Command.run(
                ["explain", model, folder.path("\(name).png"), "-o", folder.path(long)] + Self.preset)
            #expect(refused.status == 2 && refused.sentences.count == 1, "\(refused.errors)")
            #expect(refused.errors.contains("cannot be written") && refused.output.isEmpty)
        }
    }
}
