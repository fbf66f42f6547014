import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

/// `gaze explain` for a model of volumes; the numbers are checked in `VolumeExplainerTests`.
@Suite struct VolumeCommandTests {
    private static let model = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "ExplanationsTests/Golden/volumes/volume.dynamo.onnx").path

    @Test func aFileAFolderAndAStackAreExplained() throws {
        try TemporaryFolder.with { folder in
            var volume = Tensor<Float>(repeating: 0, shape: [6, 12, 10])
            volume.mutateElements { for index in $0.indices { $0[index] = Float(index % 7) / 7 } }
            try Numpy.write(AnyTensor(volume), path: folder + "/scan.npy")
            try FileManager.default.createDirectory(atPath: folder + "/slices", withIntermediateDirectories: true)
            let slices = try (0..<6).map { slice in
                let path = "\(folder)/slices/\(slice).png"
                try Picture(
                    width: 10, height: 12, red: UInt8(40 * slice), green: UInt8(40 * slice), blue: UInt8(40 * slice)
                )
                .write(to: path)
                return path
            }
            let outcome = try Command.run(
                "explain", Self.model, folder + "/scan.npy", folder + "/slices", "-c", "1", "-m", "gradcam", "-m",
                "gradient", "-o", folder + "/out", "--json")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let records = try #require(
                JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
            #expect(records.count == 4)
            #expect(
                records[0]["mapShape"] as? [Int] == [3, 6, 5] && records[0]["volumeShape"] as? [Int] == [6, 12, 10])
            let files = try #require(records[0]["files"] as? [String: String])
            let arrays = try NumpyArchive.read(path: try #require(files["npz"]))
            #expect(arrays["map"]?.shape == [3, 6, 5] && arrays["volume-map"]?.shape == [6, 12, 10])
            let figure = try Picture(contentsOf: try #require(files["png"]))
            #expect(figure.width > 600 && figure.height > 400)
            let stacked = try Command.run(
                ["explain", Self.model] + slices + ["--stack", "-c", "1", "-o", folder + "/stacked", "--format", "npz"])
            #expect(stacked.status == 0, "\(stacked.errors)")
            let one = try NumpyArchive.read(path: folder + "/stacked/stack.class-1.gradcam.npz")
            let other = try NumpyArchive.read(path: folder + "/out/slices.class-1.gradcam.npz")
            #expect(one["map"] == other["map"])
        }
    }

    @Test func whatIsForPicturesIsRefused() throws {
        try TemporaryFolder.with { folder in
            try Numpy.write(AnyTensor(Tensor<Float>(repeating: 1, shape: [6, 12, 10])), path: folder + "/scan.npy")
            let outcome = try Command.run(
                "explain", Self.model, folder + "/scan.npy", "-o", folder + "/out", "--box", "3")
            #expect(outcome.status == 64 && outcome.errors.contains("--box"), "\(outcome.errors)")
            let picture = try Command.run("explain", Self.model, folder + "/photo.jpg", "-o", folder + "/out")
            #expect(picture.status == 2 && picture.sentences.count == 1, "\(picture.errors)")
            // And the other way round.
            let classifier = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            try Picture(width: 9, height: 9, red: 200).write(to: folder + "/photo.png")
            let stacked = try Command.run(
                "explain", classifier, folder + "/photo.png", "--stack", "-o", folder + "/out")
            #expect(stacked.status == 64 && stacked.errors.contains("--stack"), "\(stacked.errors)")
        }
    }
}
