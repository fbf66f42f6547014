import Archives
import Foundation
import Graphs
import Imaging
import ONNXFormat
import Tensors
import TestSupport
import Testing

/// What a run writes replaces none of what it reads, and nothing that is no regular file.
@Suite struct OutputGuardTests {
    private static let preset = ["--preset", "zero-to-one"]

    /// A model, photographs, names and tensors, whose bytes `check` compares with the present ones.
    private struct Inputs {
        let folder: TemporaryFolder
        let contents: [String: Data]

        init() throws {
            folder = try TemporaryFolder()
            _ = try TinyClassifier.write(into: folder.root, side: 8, channels: 3)
            let manager = FileManager.default
            try manager.createDirectory(atPath: folder.path("set"), withIntermediateDirectories: true)
            for name in ["a.png", "set/1.png", "set/2.png"] {
                try Picture(width: 9, height: 9, red: 200, green: 90).write(to: folder.path(name))
            }
            try Numpy.write(AnyTensor(Tensor<Float>(repeating: 1, shape: [1, 3, 8, 8])), path: folder.path("x.npy"))
            try Numpy.write(AnyTensor(Tensor<Float>(repeating: 1, shape: [9, 9])), path: folder.path("mask.npy"))
            try Data("cat\ndog\nemu\n".utf8).write(to: URL(fileURLWithPath: folder.path("names.txt")))
            try manager.createSymbolicLink(atPath: folder.path("link.png"), withDestinationPath: "a.png")
            try manager.linkItem(atPath: folder.path("a.png"), toPath: folder.path("hard.png"))
            try manager.createDirectory(atPath: folder.path("folder.png"), withIntermediateDirectories: true)
            unsafe mkfifo(folder.path("pipe.png"), 0o600)
            contents = try Self.read(folder.root)
        }

        private static func read(_ root: String) throws -> [String: Data] {
            var contents: [String: Data] = [:]
            for name in try FileManager.default.subpathsOfDirectory(atPath: root) where !name.hasSuffix("pipe.png") {
                contents[name] = FileManager.default.contents(atPath: "\(root)/\(name)")
            }
            return contents
        }

        func areUntouched() throws -> Bool {
            let now = try Self.read(folder.root)
            return contents.allSatisfy { now[$0.key] == $0.value }
        }
    }

    @Test(arguments: ["a.png", "link.png", "hard.png", "mask.npy", "names.txt", "tiny.onnx", "folder.png", "pipe.png"])
    func aSheetReplacesNoInput(name: String) throws {
        let inputs = try Inputs()
        let path = inputs.folder.path
        let outcome = try Command.run(
            [
                "explain", path("tiny.onnx"), path("a.png"), "-c", "0", "--mask", path("mask.npy"), "--labels",
                path("names.txt"), "-o", path("out"), "--sheet", path(name),
            ] + Self.preset)
        #expect(outcome.status == 2 && outcome.sentences.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(name) && outcome.errors.contains("cannot be written"), "\(outcome.errors)")
        // It is known before the work.
        #expect(!FileManager.default.fileExists(atPath: path("out")))
        #expect(try inputs.areUntouched())
    }

    @Test func attributeReplacesNoInput() throws {
        for input in ["x.npy", "x=x.npy"] {
            let inputs = try Inputs()
            let path = inputs.folder.path
            let outcome = try Command.run(
                "attribute", path("tiny.onnx"), "--input", input.replacing("x.npy", with: path("x.npy")), "--target",
                "0", "--method", "x=gradient", "--output", inputs.folder.root)
            #expect(outcome.status == 2 && outcome.errors.contains("x.npy cannot be written"), "\(outcome.errors)")
            #expect(try inputs.areUntouched())
        }
    }

    @Test func aPhotographThatIsCalledLikeAResultStays() throws {
        let inputs = try Inputs()
        let path = inputs.folder.path
        let name = path("a.cat.gradcam.png")
        try Picture(width: 10, height: 7, red: 9).write(to: name)
        let before = try Data(contentsOf: URL(fileURLWithPath: name))
        let outcome = try Command.run(
            [
                "explain", path("tiny.onnx"), path("a.png"), name, "-c", "0", "--labels", path("names.txt"), "-o",
                inputs.folder.root,
            ] + Self.preset)
        #expect(outcome.status == 1 && outcome.errors.contains("a.cat.gradcam.png cannot be written"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: name)) == before)
        // None of the three files of that map is written, and all of the other's.
        let names = try FileManager.default.contentsOfDirectory(atPath: inputs.folder.root)
        #expect(!names.contains("a.cat.gradcam.json") && !names.contains("a.cat.gradcam.npz"))
        #expect(names.filter { $0.hasPrefix("a.cat.gradcam.cat") }.count == 3, "\(names)")
        #expect(try inputs.areUntouched())
    }

    @Test(arguments: ["tiny.onnx", "pipe.png", "folder.png", "/dev/null"])
    func compileReplacesNeitherModelNorDevice(name: String) throws {
        let inputs = try Inputs()
        let path = inputs.folder.path
        let target = name.hasPrefix("/") ? name : path(name)
        let outcome = try Command.run("compile", path("tiny.onnx"), "--method", "gradient", "-o", target)
        #expect(outcome.status == 2 && outcome.errors.contains("cannot be written"), "\(outcome.errors)")
        #expect(try inputs.areUntouched())
    }

    @Test(arguments: [
        ("results.jsonl", "{\"image\":\"1.png\",\"label\":0}\n{\"image\":\"2.png\",\"label\":1}\n"),
        ("summary.csv", "image,label\n1.png,0\n2.png,1\n"),
    ])
    func anEvaluationReplacesNoManifest(name: String, text: String) throws {
        let inputs = try Inputs()
        let path = inputs.folder.path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path("set/\(name)")))
        let outcome = try Command.run(
            [
                "evaluate", path("tiny.onnx"), path("set"), "-o", path("set"), "-m", "gradient", "--metrics",
                "average-drop",
            ]
                + Self.preset)
        #expect(outcome.status == 2 && outcome.errors.contains("\(name) cannot be written"), "\(outcome.errors)")
        #expect(FileManager.default.contents(atPath: path("set/\(name)")) == Data(text.utf8))
        #expect(try inputs.areUntouched())
        #expect(try FileManager.default.contentsOfDirectory(atPath: path("set")).count == 3)
    }

    @Test func aCheckAndAStoreReplaceNoInput() throws {
        let inputs = try Inputs()
        let path = inputs.folder.path
        try FileManager.default.copyItem(atPath: path("a.png"), toPath: path("check.png"))
        let check = try Command.run(
            ["check", path("tiny.onnx"), path("check.png"), "-m", "gradient", "-o", inputs.folder.root] + Self.preset)
        #expect(check.status == 2 && check.errors.contains("check.png cannot be written"), "\(check.errors)")
        let evaluation = try Command.run(
            [
                "evaluate", path("tiny.onnx"), path("set"), "-o", path("out"), "-m", "gradient", "--metrics",
                "average-drop", "--labels", path("names.txt"), "--store", path("names.txt"),
            ] + Self.preset)
        #expect(evaluation.status == 2 && evaluation.errors.contains("names.txt cannot be written"))
        #expect(try inputs.areUntouched())
    }

    @Test func aSecondEvaluationOfAFolderIsRefused() throws {
        let inputs = try Inputs()
        let path = inputs.folder.path
        let question =
            [
                "evaluate", path("tiny.onnx"), path("set"), "-o", path("out"), "-m", "gradient", "--metrics",
                "average-drop",
            ]
            + Self.preset
        try FileManager.default.createDirectory(atPath: path("out"), withIntermediateDirectories: true)
        do {
            let running = try GrowingFile(path: path("out/results.jsonl"))
            try running.add(Data("another run's line\n".utf8))
            let refused = try Command.run(question)
            #expect(refused.status == 2 && refused.errors.contains("Another run"), "\(refused.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: path("out")) == ["results.jsonl.partial"])
            withExtendedLifetime(running) {}
        }
        // What a killed run leaves stands in nobody's way.
        try Data("half a li".utf8).write(to: URL(fileURLWithPath: path("out/results.jsonl.partial")))
        let outcome = try Command.run(question)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try #require(FileManager.default.contents(atPath: path("out/results.jsonl")))
            .split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 8, "\(lines.count)")
        #expect(try !FileManager.default.contentsOfDirectory(atPath: path("out")).contains { $0.hasSuffix("partial") })
    }
}
