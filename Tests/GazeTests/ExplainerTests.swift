import Foundation
import Gaze
import TestSupport
import Testing

@Suite struct ExplainerTests {
    @Test func readmeExampleRuns() throws {
        try TemporaryFolder.with { folder in
            _ = try TinyModel.write(into: folder)
            try TinyModel.picture.write(to: folder + "/photo.jpg")
            let explainer = try Explainer(model: folder + "/model.onnx")
            let photo = try Picture(contentsOf: folder + "/photo.jpg")
            let explanation = try explainer.explain(photo)[0]
            let map: Tensor<Float> = explanation.map
            try explanation.drawn().picture.write(to: folder + "/where.png")

            #expect(explanation.subject == "red thing")
            #expect(map.shape == [8, 8])
            #expect(explanation.layer?.layer.tensorName == "map")
            let drawn = try Picture(contentsOf: folder + "/where.png")
            #expect(drawn.width == 16 && drawn.height == 16)
        }
    }

    @Test func readmeShowsWhatTheTestRuns() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        for line in [
            "let explainer = try Explainer(model: \"model.onnx\")",
            "let photo = try Picture(contentsOf: \"photo.jpg\")",
            "let explanation = try explainer.explain(photo)[0]", "let map: Tensor<Float> = explanation.map",
            "try explanation.drawn().picture.write(to: \"where.png\")",
        ] {
            #expect(readme.contains(line), "\(line)")
        }
    }

    @Test func gradCAMOfKnownPictureIsKnown() throws {
        try TemporaryFolder.with { folder in
            let explainer = try Explainer(model: try TinyModel.write(into: folder))
            let ranking = try explainer.predict(TinyModel.picture)
            // Half of the pixels are 1 in red, half are 0.2 in blue.
            #expect(ranking.map(\.name) == ["red thing", "blue thing"])
            #expect(abs(ranking[0].score - 0.5) < 1e-6 && abs(ranking[1].score - 0.1) < 1e-6)
            #expect(abs(try #require(ranking[0].probability) - 1 / (1 + exp(-0.4))) < 1e-6)
            let methods = [MethodSpecification("gradcam"), MethodSpecification("cam")]
            let both = try explainer.explain(TinyModel.picture, methods: methods, classes: [.named("blue")])
            // Grad-CAM = (1 / 64) A_blue, and CAM = A_blue.
            #expect(abs(both[0].map[3, 6] - 0.2 / 64) < 1e-7 && both[0].map[3, 1] == 0)
            #expect(abs(both[1].map[3, 6] - 0.2) < 1e-6)
            let contrast = try explainer.explain(TinyModel.picture, classes: [.named("0")], contrast: "1")
            #expect(abs(contrast[0].score - 0.4) < 1e-6)
            #expect(abs(contrast[0].map[0, 7] + 0.2 / 64) < 1e-7)
        }
    }

    @Test func targetsAndTopClassesAreExplained() throws {
        try TemporaryFolder.with { folder in
            let explainer = try Explainer(model: try TinyModel.write(into: folder))
            #expect(
                try explainer.explain(TinyModel.picture, classes: [.top(2)]).map(\.subject) == [
                    "red thing", "blue thing",
                ])
            let target = try explainer.explain(TinyModel.picture, target: "logits[0] - logits[1]")
            #expect(abs(target[0].score - 0.4) < 1e-6)
            #expect(throws: (any Error).self) {
                try explainer.explain(TinyModel.picture, methods: [MethodSpecification("score")])
            }
            #expect(throws: (any Error).self) { try explainer.explain(TinyModel.picture, layer: "nowhere") }
        }
    }
}
