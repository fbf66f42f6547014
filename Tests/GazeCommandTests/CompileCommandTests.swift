import Foundation
import TestSupport
import Testing

@Suite struct CompileCommandTests {
    struct Record: Decodable {
        struct Port: Decodable {
            let name: String
            let type: String
            let shape: [Int]
        }
        let inputs: [Port]
        let outputs: [Port]
        let metadata: [String: String]
    }

    @Test func writesOneFileAndSaysWhatItIs() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder)
            let path = "\(folder)/map.onnx"
            let outcome = try Command.run("compile", model, "--method", "gradcam", "-o", path, "--json")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let record = try JSONDecoder().decode(Record.self, from: Data(outcome.output.utf8))
            #expect(record.inputs.map(\.name) == ["x"])
            #expect(record.outputs.map(\.name) == ["logits", "map", "score", "target"])
            #expect(record.outputs.map(\.shape) == [[1, 3], [1, 2, 2], [1], [1]])
            #expect(record.outputs.map(\.type) == ["f32", "f32", "f32", "i64"])
            #expect(record.metadata["gaze.layer"] == "map" && record.metadata["gaze.model"] == "tiny.onnx")
            // The file is a model like others: Gaze explains it.
            let again = try Command.run("inspect", path)
            #expect(again.status == 0 && again.output.contains("score"), "\(again.errors)")
            let batch = try Command.run(
                "compile", model, "--method", "smoothgrad:samples=3", "--target", "input", "--batch", "4", "-o", path)
            #expect(batch.status == 0, "\(batch.errors)")
            for word in ["target  i64[4]", "map     f32[4, 2, 2, 2]", "onnxruntime", "Checked against"] {
                #expect(batch.output.contains(word), "\(batch.output)")
            }
        }
    }

    @Test func refusalsLeaveNothing() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder)
            let bytes = try Data(contentsOf: URL(filePath: model))
            let path = "\(folder)/none.onnx"
            for (options, status, word) in [
                (["--method", "gradcan"], 64, "did you mean gradcam"), (["--method", "occlusion"], 2, "occlusion"),
                (["--method", "gradcam", "--batch", "0"], 64, "--batch"),
                (["--method", "gradcam", "--shape", "x"], 64, "--shape"),
                (["--method", "gradcam", "--shape", "x=1x2x0x2"], 64, "--shape"),
                (["--method", "gradcam", "--shape", "y=1x2x2x2"], 2, "'y'"),
                (["--method", "gradcam", "--target", "(1"], 64, "')' is missing"),
                (["--method", "gradcam", "--target", "7"], 2, "beyond the last"),
                (["--method", "gradcam", "--layer", "mop"], 2, "mop"),
            ] {
                let outcome = try Command.run(["compile", model, "-o", path] + options)
                #expect(Int(outcome.status) == status && outcome.errors.contains(word), "\(options): \(outcome.errors)")
                #expect(!FileManager.default.fileExists(atPath: path))
            }
            let over = try Command.run("compile", model, "--method", "gradcam", "-o", model)
            #expect(over.status == 2 && over.errors.contains("it is the model"), "\(over.errors)")
            try FileManager.default.createSymbolicLink(atPath: folder + "/link.onnx", withDestinationPath: model)
            let link = try Command.run("compile", model, "--method", "gradcam", "-o", "\(folder)/link.onnx")
            #expect(link.status == 2)
            #expect(try Data(contentsOf: URL(filePath: model)) == bytes)
            let absent = try Command.run("compile", model, "--method", "gradcam", "-o", "\(folder)/absent/x.onnx")
            #expect(absent.status == 2 && absent.errors.contains("no such file or folder"), "\(absent.errors)")
        }
    }
}
