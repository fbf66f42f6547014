import Foundation
import Gaze
import ONNXFormat
import TestSupport
import Testing

/// Scores that are NaN or infinite, of a classifier whose other scores are known: the means of red and of blue.
@Suite struct BrokenOutputTests {
    /// The tiny model with a third class of mean green, and a bias; the sidecar squashes to 8x8.
    private func explainer(bias: [Float], in folder: String, name: String) throws -> Explainer {
        var graph = Graph()
        let x = graph.addInput(
            "image", type: .float32, dimensions: [.symbolic("batch"), .fixed(3), .fixed(8), .fixed(8)])
        let map = graph.append("Relu", [x], name: "map")[0]
        let pooled = graph.append("GlobalAveragePool", [map], name: "pooled")[0]
        let flat = graph.append("Flatten", [pooled], name: "flat")[0]
        let weights = graph.addConstant(
            AnyTensor(try Tensor<Float>(shape: [3, 3], elements: [1, 0, 0, 0, 0, 1, 0, 1, 0])), name: "weights")
        let offsets = graph.addConstant(AnyTensor(Tensor(vector: bias)), name: "bias")
        let logits = graph.append("Gemm", [flat, weights, offsets], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        let path = "\(folder)/\(name).onnx"
        try ONNXFile.write(graph.model(), to: path)
        let sidecar = Sidecar(
            preprocessing: Preprocessing(resize: .squash(width: 8, height: 8)),
            labels: .names(["red", "blue", "green"])
        )
        try sidecar.write(forModel: path)
        return try Explainer(model: path)
    }

    @Test(arguments: [-Float.infinity, .infinity, .nan]) func otherClassesAreExplainedAsWithoutIt(broken: Float) throws
    {
        try TemporaryFolder.with { folder in
            let methods = try ["gradcam", "gradient", "occlusion:window=4x4", "rise:samples=20,seed=3", "ablationcam"]
                .map { try MethodSpecification(parsing: $0) }
            let maps = try [0, broken].map {
                try explainer(bias: [0, 0, $0], in: folder, name: "model").explain(
                    TinyModel.picture, methods: methods, classes: [.named("red")], automaticLayer: .measured)
            }
            for (plain, masked) in zip(maps[0], maps[1]) {
                #expect(plain.raw == masked.raw, "\(plain.method.label)")
                #expect(plain.score == masked.score && abs(plain.score - 0.5) < 1e-6)
                #expect(plain.trial?.entries.map(\.deletion) == masked.trial?.entries.map(\.deletion))
            }
        }
    }

    @Test func classThatIsSwitchedOffIsTheLast() throws {
        try TemporaryFolder.with { folder in
            let explainer = try explainer(bias: [0, 0, -.infinity], in: folder, name: "model")
            let answer = try explainer.read(TinyModel.picture)
            #expect(answer.problem == nil)
            #expect(answer.predictions.map(\.name) == ["red", "blue", "green"])
            #expect(answer.predictions[2].probability == 0 && answer.predictions[2].score == -.infinity)
            // exp(0.5) / (exp(0.5) + exp(0.1))
            #expect(abs(try #require(answer.predictions[0].probability) - 1 / (1 + exp(-0.4))) < 1e-6)
        }
    }

    @Test(arguments: [[0, 0, .nan], [.infinity, 0, 0], [Float](repeating: -.infinity, count: 3)])
    func whatCannotBeRankedIsSaid(bias: [Float]) throws {
        try TemporaryFolder.with { folder in
            let explainer = try explainer(bias: bias, in: folder, name: "model")
            for ask in [
                { _ = try explainer.predict(TinyModel.picture) }, { _ = try explainer.explain(TinyModel.picture) },
            ] {
                do {
                    try ask()
                    Issue.record("NaN and infinity were ranked")
                } catch ExplanationError.brokenOutput(let sentence, let cause) {
                    #expect(sentence.contains("'logits'") && sentence.contains("among its 3 numbers"))
                    #expect(try #require(cause).contains("Gemm"))
                }
            }
        }
    }

    @Test func recordOfAScoreThatIsNoNumberHoldsNull() throws {
        try TemporaryFolder.with { folder in
            let explainer = try explainer(bias: [0, 0, -.infinity], in: folder, name: "model")
            let picture = TinyModel.picture
            let explanation = try explainer.explain(picture, classes: [.named("green")])[0]
            #expect(explanation.notes.contains { $0.contains("the explained score is -inf") })
            let record = ExplanationRecord(
                explanation, model: "model.onnx", image: "-", top: explanation.ranking,
                preprocessing: explainer.preprocessing, versions: [:], seconds: 0)
            let data = try ExplanationRecord.json(record)
            let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            #expect(json["score"] is NSNull && json["scoreProblem"] as? String == "-infinity")
            let top = try #require(json["top"] as? [[String: Any]])
            #expect(top[2]["score"] is NSNull && top[2]["scoreProblem"] as? String == "-infinity")
            #expect(top[0]["score"] as? Double == explanation.ranking[0].score && top[0]["scoreProblem"] == nil)
            let back = try JSONDecoder().decode(ExplanationRecord.self, from: data)
            #expect(back.score == nil && back.top == record.top)
        }
    }

    @Test func tablesLeaveOutPicturesWithBrokenScores() throws {
        try TemporaryFolder.with { folder in
            let explainer = try explainer(bias: [0, 0, .nan], in: folder, name: "model")
            let path = folder + "/photo.png"
            try TinyModel.picture.write(to: path)
            let plan = EvaluationPlan(
                methods: [EvaluatedMethod(MethodSpecification("gradcam"))],
                metrics: [MethodSpecification("average-drop")])
            let result = try Evaluator(explainer, plan: plan).evaluate(
                Dataset(entries: [DatasetEntry(image: path, label: .name("red"))]))
            #expect(result.records.isEmpty)
            #expect(result.problems.count == 1 && result.problems[0].contains("1 NaN among its 3 numbers"))
        }
    }

    /// Class 0 is √(red - 1/2), which is NaN wherever red is 0.
    @Test func noClassWinsWhereItsScoreIsNoNumber() throws {
        try TemporaryFolder.with { folder in
            var graph = Graph()
            let x = graph.addInput(
                "image", type: .float32, dimensions: [.symbolic("batch"), .fixed(3), .fixed(32), .fixed(32)])
            let parts = graph.append(
                "Split", [x], attributes: ["axis": .integer(1), "num_outputs": .integer(3)],
                outputCount: 3, name: "parts")
            let half = graph.addConstant(AnyTensor(Tensor<Float>(0.5)), name: "half")
            let root = graph.append("Sqrt", [graph.append("Sub", [parts[0], half], name: "above")[0]], name: "root")[0]
            let scores = graph.append(
                "Concat", [root, parts[1], parts[2]], attributes: ["axis": .integer(1)], name: "logits")[0]
            graph.outputs = [Graph.Output(name: "logits", value: scores)]
            let path = folder + "/segments.onnx"
            try ONNXFile.write(graph.model(), to: path)
            try Sidecar(
                preprocessing: Preprocessing(resize: .squash(width: 32, height: 32)),
                labels: .names(["a", "b", "c"])
            ).write(forModel: path)
            var picture = Picture(width: 32, height: 32)
            picture.mutatePixels { pixels in
                for place in 0..<1024 where place % 32 < 8 { pixels[place * 3] = 255 }
            }
            let answer = try Explainer(model: path).read(picture)
            #expect(answer.head.kind == .segmentation)
            #expect(answer.predictions.map(\.index) == [0] && answer.predictions[0].area == 0.25)
            #expect("\(try #require(answer.problem))".contains("768 NaN among its 3072 numbers"))
        }
    }
}
