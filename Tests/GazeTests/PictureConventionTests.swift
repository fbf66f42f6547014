import Foundation
import Gaze
import ONNXFormat
import TestSupport
import Testing

/// How pictures reach models of different kinds when nobody says it.
@Suite struct PictureConventionTests {
    /// `scores[b, class]`, or `[b, classes, 16, 16]` where the answer is one for every pixel.
    private static func model(in folder: String, isDense: Bool, metadata: [String: String] = [:]) throws -> String {
        var graph = Graph()
        let x = graph.addInput("image", type: .float32, dimensions: [1, 3, 64, 48].map { .fixed($0) })
        let kernel = graph.addConstant(
            AnyTensor(
                try Tensor<Float>(shape: [5, 3, 1, 1], elements: (0..<15).map { Float($0 % 7) - 3 })), name: "kernel")
        let map = graph.append("Conv", [x, kernel], name: "map")[0]
        var result = map
        if !isDense {
            result =
                graph.append("Flatten", [graph.append("GlobalAveragePool", [map], name: "pooled")[0]], name: "logits")[
                    0]
        }
        graph.outputs = [Graph.Output(name: isDense ? "masks" : "logits", value: result)]
        graph.metadata = metadata
        let path = folder + "/model.onnx"
        try ONNXFile.write(graph.model(), to: path)
        return path
    }

    @Test func classifiersAreCroppedAndDenseModelsSeeAll() throws {
        try TemporaryFolder.with { folder in
            let classifier = try Explainer(model: try Self.model(in: folder, isDense: false))
            #expect(classifier.preprocessing.resize == .crop(width: 48, height: 64, ratio: 0.875))
            let dense = try Explainer(model: try Self.model(in: folder, isDense: true))
            #expect(dense.preprocessing.resize == .squash(width: 48, height: 64))
            #expect(dense.preprocessingGuesses.filter { $0.topic == .resizing }.count == 1)
            #expect(dense.guesses.contains { $0.contains("segmentation") && $0.contains("--resize") })
        }
    }

    static let ultralytics = [
        "author": "Ultralytics", "stride": "32", "imgsz": "[64, 48]", "names": "{0: 'boat'}",
    ]

    @Test(arguments: ["detect", "segment", "pose", "obb"])
    func theFileSaysThatItIsOfUltralyticsKind(task: String) throws {
        try TemporaryFolder.with { folder in
            let metadata = Self.ultralytics.merging(["task": task]) { $1 }
            let found = try Explainer(model: try Self.model(in: folder, isDense: true, metadata: metadata))
            #expect(
                found.preprocessing.resize
                    == .letterbox(width: 48, height: 64, fill: Colour(grey: 114), anchor: .centre))
            #expect(found.preprocessing.scale == 1.0 / 255 && found.preprocessing.mean == [0])
            #expect(found.preprocessing.standardDeviation == [1] && found.preprocessing.channels == .rgb)
            #expect(found.guesses.contains { $0.contains("Ultralytics") && $0.contains(task) })
        }
    }

    @Test func ultralyticsClassifiersSeeTheMiddle() throws {
        try TemporaryFolder.with { folder in
            let metadata = Self.ultralytics.merging(["task": "classify"]) { $1 }
            let found = try Explainer(model: try Self.model(in: folder, isDense: false, metadata: metadata))
            #expect(found.preprocessing.resize == .crop(width: 48, height: 64, shortSide: 48))
            #expect(found.preprocessing.mean == [0] && found.preprocessing.scale == 1.0 / 255)
        }
    }

    @Test func otherMetadataSaysNothing() throws {
        try TemporaryFolder.with { folder in
            let found = try Explainer(
                model: try Self.model(in: folder, isDense: false, metadata: ["author": "somebody", "task": "detect"]))
            #expect(found.preprocessing.mean == [0.485, 0.456, 0.406])
        }
    }

    @Test func otherNumbersOfChannelsAreNamed() throws {
        try TemporaryFolder.with { folder in
            let path = try Self.model(in: folder, isDense: false)
            let error = #expect(throws: GazeError.self) {
                try Explainer(model: path) {
                    $0.channels = .grey
                    $0.mean = [0]
                    $0.standardDeviation = [1]
                }
            }
            #expect(try #require(error).description.contains("--channels rgb"))
        }
    }
}
