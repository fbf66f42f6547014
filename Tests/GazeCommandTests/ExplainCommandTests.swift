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

    @Test func thePlaceIsSaidAndRecorded() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            // Channel 0 is bright in four cells of 8x8: columns 4 and 5, rows 2 and 3; each is 5 pixels wide and 10 high.
            var upright = Picture(width: 40, height: 80)
            upright.mutatePixels { pixels in
                for y in 20..<40 { for x in 20..<30 { pixels[(y * 40 + x) * 3] = 255 } }
            }
            try upright.write(to: folder + "/upright.png")
            // The same photograph as a camera stores it that is held upright: turned, with a remark.
            var turned = Picture(width: 80, height: 40)
            turned.mutatePixels { pixels in
                for y in 0..<40 {
                    for x in 0..<80 { pixels[(y * 80 + x) * 3] = upright.pixels[(x * 40 + 39 - y) * 3] }
                }
            }
            try turned.write(to: folder + "/turned.jpg")
            var file = try Data(contentsOf: URL(fileURLWithPath: folder + "/turned.jpg"))
            // APP1, 34 bytes: one field, orientation 6.
            var remark: [UInt8] = [0xFF, 0xE1, 0, 34]
            remark += Array("Exif\0\0MM".utf8)
            remark += [0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0] as [UInt8]
            file.insert(contentsOf: remark, at: 2)
            try file.write(to: URL(fileURLWithPath: folder + "/turned.jpg"))
            for name in ["upright.png", "turned.jpg"] {
                let arguments = [
                    "explain", model, "\(folder)/\(name)", "-c", "0", "--preset", "zero-to-one", "--resize",
                    "squash", "-o", folder + "/out",
                ]
                let outcome = try Command.run(arguments)
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.output.contains("  region  x "), "\(outcome.output)")
                let json = try Command.run(arguments + ["--json"]).output
                let record = try #require(
                    (JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])?.first)
                let region = try #require(record["region"] as? [String: Any])
                let peak = try #require(region["peak"] as? [String: Double])
                func number(_ key: String) -> Double { region[key] as? Double ?? -1 }
                #expect(abs(number("x") - 20) <= 3 && abs(number("y") - 20) <= 6, "\(name): \(region)")
                #expect(abs(number("width") - 10) <= 6 && abs(number("height") - 20) <= 12, "\(name): \(region)")
                #expect((20...30).contains(peak["x"] ?? -1) && (20...40).contains(peak["y"] ?? -1))
                #expect((0.5...1).contains(number("heatFraction")))
                let cells = try #require(record["cells"] as? [String: [String: Double]])
                #expect(cells["columns"] == ["centre": 2.5, "step": 5, "count": 8])
                #expect(cells["rows"] == ["centre": 5, "step": 10, "count": 8])
            }
        }
    }

    @Test func valuesMayBeginWithAMinus() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            try Picture(width: 9, height: 9, red: 200).write(to: folder + "/a.png")
            let target = try Command.run(
                "explain", model, "\(folder)/a.png", "--target", "-logits[1]", "--preset", "zero-to-one", "-o", folder)
            #expect(target.status == 0, "\(target.errors)")
            let attributed = try Command.run(
                "attribute", try TinyClassifier.write(into: folder), "--input", "\(folder)/x.npy", "--target",
                "-logits[1]", "--method", "score", "--output", folder)
            #expect(attributed.status == 0, "\(attributed.errors)")
            let plain = try Command.run(
                "attribute", folder + "/tiny.onnx", "--input", "\(folder)/x.npy", "--target", "logits[1]",
                "--method", "plain=score", "--output", folder)
            #expect(plain.status == 0)
            let (negative, positive) = (
                try Numpy.read(path: folder + "/score.npy").floats, try Numpy.read(path: folder + "/plain.npy").floats
            )
            #expect(negative[0] == -positive[0] && positive[0] != 0)
            let large = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            let none = try Command.run("explain", large, "\(folder)/a.png", "-c", "-1", "-o", folder)
            #expect(none.status == 2 && none.errors.contains("classes 0 to 2"), "\(none.errors)")
        }
    }

    @Test func namesThatDoNotFitOrAreSharedAreSaid() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            try Picture(width: 9, height: 9, red: 200, green: 90).write(to: folder + "/a.png")
            func run(_ names: String, _ more: String...) throws -> Command.Outcome {
                try Data(names.utf8).write(to: URL(fileURLWithPath: folder + "/names.txt"))
                return try Command.run(
                    ["explain", model, "\(folder)/a.png", "--labels", "\(folder)/names.txt", "-o", folder + "/out"]
                        + more)
            }
            let few = try run("ant\nbee\n")
            #expect(few.status == 2 && few.errors.contains("2 names") && few.errors.contains("3 classes"))
            let both = try run("crane\ncrane\nant\n", "-c", "0", "-c", "1")
            #expect(both.status == 0 && both.output.contains("crane (0)") && both.output.contains("crane (1)"))
            let files = try FileManager.default.contentsOfDirectory(atPath: folder + "/out")
            #expect(
                files.filter { $0.hasSuffix(".npz") }.sorted() == ["a.crane-0.gradcam.npz", "a.crane-1.gradcam.npz"])
            let shared = try run("crane\ncrane\nant\n", "-c", "crane")
            #expect(shared.status == 2 && shared.errors.contains("2 classes are called 'crane': 0, 1"))
        }
    }

    @Test func unreadablePicturesAreNotDoneAndNotesAreSaidOnce() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            try Picture(width: 9, height: 9, red: 200).write(to: folder + "/good.png")
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder + "/bad.png"))
            let outcome = try Command.run(
                "explain", model, "\(folder)/bad.png", "\(folder)/good.png", "--target", "prob(0)", "-m", "gradcam",
                "-m", "hirescam", "-m", "gradient", "-o", folder + "/out", "--sheet", folder + "/sheet.png")
            #expect(outcome.status == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains("1 of 2 pictures could not be explained"))
            // The sheet holds the pictures that were explained.
            #expect(FileManager.default.fileExists(atPath: folder + "/sheet.png"))
            let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("note: ") }
            #expect(Set(lines).count == lines.count, "\(lines)")
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
