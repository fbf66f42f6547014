import Explanations
import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

@Suite struct ExplainCommandTests {
    @Test func filesTellTheWholeStory() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            var picture = Picture(width: 20, height: 10, red: 40, green: 80, blue: 120)
            picture.mutatePixels { for index in 0..<50 { $0[index * 3] = 250 } }
            try picture.write(to: folder + "/photo.png")
            let outcome = try Command.run(
                "explain", model, "\(folder)/photo.png", "-c", "2", "-m", "gradcam", "-m", "gradient-x-input", "-o",
                "\(folder)/out", "--preset", "zero-to-one", "--resize", "squash")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/out").sorted()
            #expect(
                names
                    == ["gradcam", "gradient-x-input"].flatMap { method in
                        ["json", "npz", "png"].map { "photo.class-2.\(method).\($0)" }
                    })
            let archive = try NumpyArchive.read(path: folder + "/out/photo.class-2.gradcam.npz")
            #expect(archive["map"]?.shape == [8, 8] && archive["raw"]?.shape == [8, 8])
            let figure = try Picture(contentsOf: folder + "/out/photo.class-2.gradcam.png")
            #expect(figure.width > 400 && figure.height > 200)
            let json = try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: folder + "/out/photo.class-2.gradcam.json")))
            let record = try #require(json as? [String: Any])
            #expect(record["method"] as? String == "gradcam" && record["subject"] as? String == "class 2")
            #expect((record["layer"] as? [String: Any])?["tensor"] as? String == "map")
        }
    }

    @Test func oneBrokenPictureDoesNotStopTheRest() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            try Picture(width: 9, height: 9, red: 200).write(to: folder + "/good.png")
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder + "/bad.png"))
            let mixed = try Command.run("predict", model, "\(folder)/bad.png", "\(folder)/good.png", "--json")
            #expect(mixed.status == 1)
            #expect(mixed.sentences.count == 1 && mixed.sentences[0].contains("bad.png"))
            let rows = try #require(JSONSerialization.jsonObject(with: Data(mixed.output.utf8)) as? [[String: Any]])
            #expect(rows.count == 1)
            let top = try #require((rows.first?["top"] as? [[String: Any]])?.first)
            #expect(top["class"] is String && top["index"] is Int && top["probability"] is Double)
            #expect(try Command.run("predict", model, "\(folder)/bad.png").status == 2)
            let piped = try Command.run(
                "predict", model, "-", input: Data(contentsOf: URL(fileURLWithPath: folder + "/good.png")))
            #expect(piped.status == 0 && piped.output.contains("class 0"))
        }
    }

    @Test func unusableModelsEndInOneSentence() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: model))
            let files: [String: Data] = [
                "cut.onnx": bytes.prefix(bytes.count / 2), "page.onnx": Data("<!DOCTYPE html><html></html>".utf8),
                "empty.onnx": Data(),
            ]
            for (name, data) in files { try data.write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
            for name in files.keys.sorted() + ["absent.onnx"] {
                let outcome = try Command.run("inspect", "\(folder)/\(name)")
                #expect(outcome.status == 2, "\(name)")
                #expect(outcome.sentences.count == 1 && outcome.errors.contains(name), "\(name): \(outcome.errors)")
                #expect(outcome.output.isEmpty)
            }
        }
    }

    @Test func usageErrorsExitWith64() throws {
        for arguments in [
            ["explain"], ["nonsense"], ["predict", "m.onnx", "a.png", "-k", "0"],
            ["explain", "m.onnx", "a.png", "--format", "bmp"],
        ] {
            let outcome =
                switch arguments.count {
                case 1: try Command.run(arguments[0])
                default: try Command.run(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4])
                }
            #expect(outcome.status == 64, "\(arguments)")
        }
    }

    @Test func theCatalogueIsListedAndExplained() throws {
        let list = try Command.run("methods")
        let listed = list.output.split(separator: "\n").filter { $0.hasPrefix("  ") }
        #expect(
            listed.map { String($0.split(separator: " ")[0]) }.sorted() == MethodCatalogue.descriptions.map(\.name))
        let one = try Command.run("methods", "gradcam")
        #expect(one.output.contains("Selvaraju") && one.output.contains("mean_ij"))
        #expect(try Command.run("methods", "gradcan").errors.contains("did you mean gradcam"))
        #expect(try Command.run("--version").output == "0.1.0\n")
        let help = try Command.run("--help").output
        for command in ["explain", "predict", "inspect", "methods", "models", "attribute"] {
            #expect(help.contains(command))
        }
    }
}
