import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import Testing

/// Outputs that are no scores by themselves: pictures, decisions, maps that nothing decoded.
@Suite struct OddOutputsTests {
    /// `recon = scale x` of pictures `[1, 3, 8, 8]`, with a map between.
    private static func picture(scale: Float, name: String = "recon") throws -> Graph {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [1, 3, 8, 8])
        let ones = graph.addConstant(
            try Toys.floats((0..<9).map { $0 % 4 == 0 ? 1 : 0 }, [3, 3, 1, 1]), name: "ones")
        let map = graph.append("Conv", [x, ones], name: "map")[0]
        let rectified = graph.append("Relu", [map], name: "rectified")[0]
        let factor = graph.addConstant(try Toys.floats((0..<9).map { $0 % 4 == 0 ? scale : 0 }, [3, 3, 1, 1]))
        let result = graph.append("Conv", [rectified, factor], name: name)[0]
        graph.outputs = [Graph.Output(name: name, value: result)]
        return graph
    }

    private static var input: AnyTensor {
        get throws { try Toys.floats((0..<192).map { Float($0 % 7) + 1 }, [1, 3, 8, 8]) }
    }

    private func run(_ graph: Graph, _ text: String, _ methods: [String], layer: String? = nil) throws -> [Attribution]
    {
        let attributor = try Toys.attributor(graph)
        return try attributor.attribute(
            inputs: ["x": Self.input], target: try Target(parsing: text), targetText: text,
            methods: methods.map { MethodSpecification($0) }, layer: layer,
            readMask: { _ in Tensor(repeating: 2, shape: [1, 3, 8, 8]) })
    }

    // With y = 3x and x > 0: Σ (y - x)² = 4 Σ x², whose gradient is 8x; Σ |y - x| = 2 Σ x; Σ (y - 2)² has 6 (3x - 2).
    @Test func errorsAndTheirGradientsHaveAClosedForm() throws {
        let x = try Self.input.floatTensor.elements
        let squares = x.reduce(0) { $0 + $1 * $1 }
        let cases: [(String, Float, (Float) -> Float)] = [
            ("error(recon)", 4 * squares, { 8 * $0 }),
            ("absolute-error(recon)", 2 * x.reduce(0, +), { _ in 2 }),
            ("error(recon, wanted.npy)", x.reduce(0) { $0 + (3 * $1 - 2) * (3 * $1 - 2) }, { 6 * (3 * $0 - 2) }),
            ("energy(recon)", 4.5 * squares, { 9 * $0 }),
        ]
        for (text, score, gradient) in cases {
            let results = try run(Self.picture(scale: 3), text, ["score", "gradient"])
            #expect(abs(results[0].values.elements[0] - score) < 1e-5 * score, "\(text)")
            for (found, value) in zip(results[1].values.elements, x) {
                #expect(abs(found - gradient(value)) < 1e-3, "\(text)")
            }
        }
    }

    @Test(arguments: ["energy(recon)", "error(recon)", "absolute-error(recon)", "prob(recon[0,0,0])"])
    func whatATargetAppendsIsNoLayer(_ text: String) throws {
        let map = try run(Self.picture(scale: 3), text, ["gradcam"])[0]
        #expect(["map", "rectified"].contains(map.layer?.layer.tensorName))
        let trial = try Toys.attributor(Self.picture(scale: 3)).layerTrial(
            inputs: ["x": Self.input], score: TrialScore(try Target(parsing: text), text: text))
        for entry in trial?.trial.entries ?? [] { #expect(["map", "rectified"].contains(entry.tensor), "\(text)") }
    }

    @Test func errorsNeedEqualShapes() throws {
        let attributor = try Toys.attributor(Toys.classifier(batch: 1))
        let error = #expect(throws: ExplanationError.self) {
            try attributor.attribute(
                inputs: ["x": Self.sample], target: try Target(parsing: "error(logits)"),
                methods: [MethodSpecification("score")])
        }
        #expect("\(try #require(error))".contains("error(logits, wanted.npy)"))
    }

    @Test func picturesAreNoClasses() throws {
        let attributor = try Toys.attributor(Self.picture(scale: 3))
        let (head, outputs) = try #require(try attributor.reading(of: ["x": Self.input]))
        #expect(head.description.kind == .picture && head.description.isGuess)
        let finding = try head.findings(in: outputs)[0]
        #expect(try head.score(of: finding, ScoreRequest(), in: outputs).target == Target(parsing: "error(recon)"))
        #expect(throws: ExplanationError.self) { try head.finding(FindingChoice(index: 1), in: outputs) }
        // A mask of two pixels: the mean of 3x there, over all channels.
        var mask = Tensor<Float>(repeating: 0, shape: [8, 8])
        mask.mutateElements {
            $0[3] = 1; $0[20] = 1
        }
        let score = try head.score(of: finding, ScoreRequest(mask: mask), in: outputs)
        let result = try attributor.attribute(
            inputs: ["x": Self.input], target: score.target, methods: [MethodSpecification("score")],
            readMask: { score.tensors[$0] ?? Tensor(0) })
        let x = try Self.input.floatTensor.elements
        let expected = [3, 20, 67, 84, 131, 148].reduce(Float(0)) { $0 + 3 * x[$1] } / 6
        #expect(abs(result[0].values.elements[0] - expected) < 1e-5)
    }

    @Test func namesOfClassesSpeakAgainstAPicture() throws {
        var graph = try Self.picture(scale: 3, name: "out")
        graph.metadata = ["names": "['road', 'car', 'sky']"]
        let attributor = try Toys.attributor(graph)
        let (head, _) = try #require(try attributor.reading(of: ["x": Self.input]))
        #expect(head.description.kind == .segmentation)
    }

    // MARK: Decisions

    /// `label = argmax(logits)`, and nothing else.
    private static func decided() throws -> Graph {
        var graph = try Toys.classifier(batch: 1)
        let logits = graph.outputs[0].value
        let label = graph.append(
            "ArgMax", [logits], attributes: ["axis": .integer(1), "keepdims": .integer(0)], name: "label")[0]
        graph.outputs = [Graph.Output(name: "label", value: label)]
        return graph
    }

    private static var sample: AnyTensor {
        get throws { try Toys.floats(Array(Toys.pixels.prefix(8)), [1, 2, 2, 2]) }
    }

    @Test func integersAreRefusedWithAWayOutThatWorks() throws {
        let attributor = try Toys.attributor(Self.decided())
        func run(_ text: String) throws -> Float {
            try attributor.attribute(
                inputs: ["x": Self.sample], target: try Target(parsing: text), targetText: text,
                methods: [MethodSpecification("score")])[0].values.elements[0]
        }
        let error = #expect(throws: ExplanationError.self) { try run("label") }
        let text = "\(try #require(error))"
        #expect(text.contains("ArgMax"))
        let suggested = try #require(text.firstMatch(of: #/--target '([^']+)'/#)).1
        #expect(try run(String(suggested)) == Toys.logit(0, 0))
    }

    @Test func aModelThatEndsInAnIndexIsExplainedInFrontOfIt() throws {
        let attributor = try Toys.attributor(Self.decided())
        let (head, outputs) = try #require(try attributor.reading(of: ["x": Self.sample]))
        #expect(head.description.kind == .classifier && head.description.output == "logits")
        let best = (0..<3).max { Toys.logit(0, $0) < Toys.logit(0, $1) }
        let first = try head.findings(in: outputs)[0]
        #expect(first.index == best)
        #expect(abs(first.score - Double(Toys.logit(0, first.index))) < 1e-5)
    }

    @Test func aLayerBehindTheTargetIsRefusedByName() throws {
        let error = #expect(throws: ExplanationError.self) {
            try run(Self.picture(scale: 3), "mean(map)", ["gradcam"], layer: "rectified")
        }
        #expect(error == .noInfluence(target: "map", value: "rectified"))
    }

    /// `[1, 3, 2]`: the three classes by falling score, each with its score.
    @Test func ranksBesideTheirScoresAreExplainedInFrontOfThem() throws {
        var graph = try Toys.classifier(batch: 1, softmax: true)
        let scores = graph.outputs[0].value
        let count = graph.addConstant(AnyTensor(Tensor<Int64>(vector: [3])), name: "count")
        let best = graph.append("TopK", [scores, count], outputCount: 2, name: "best")
        let ranks = graph.append("Cast", [best[1]], attributes: ["to": .integer(1)], name: "ranks")[0]
        let last = graph.addConstant(AnyTensor(Tensor<Int64>(vector: [2])), name: "last")
        let columns = [best[0], ranks].map { graph.append("Unsqueeze", [$0, last], name: "column")[0] }
        let rows = graph.append("Concat", columns, attributes: ["axis": .integer(2)], name: "rows")[0]
        graph.outputs = [Graph.Output(name: "rows", value: rows)]
        let (head, outputs) = try #require(try Toys.attributor(graph).reading(of: ["x": Self.sample]))
        #expect(head.description.kind == .classifier && head.description.output == "probabilities")
        let best0 = (0..<3).max { Toys.logit(0, $0) < Toys.logit(0, $1) }
        #expect(try head.findings(in: outputs)[0].index == best0)
    }

    // MARK: Detectors

    /// Maps of so many channels and so wide cells of pictures `[1, 3, 32, 32]`.
    private static func maps(_ maps: [(name: String, channels: Int, stride: Int)]) throws -> Graph {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [1, 3, 32, 32])
        for (name, channels, stride) in maps {
            let count = channels * 3 * stride * stride
            let weight = graph.addConstant(
                try Toys.floats((0..<count).map { Float($0 % 5) - 2 }, [channels, 3, stride, stride]))
            let map = graph.append(
                "Conv", [x, weight], attributes: ["strides": .integers([stride, stride])], name: name)[0]
            graph.outputs.append(Graph.Output(name: name, value: map))
        }
        return graph
    }

    @Test(arguments: [
        ([("p8", 7, 8), ("p16", 7, 16)], "mean(p8[5])"),
        ([("box8", 4, 8), ("cls8", 6, 8), ("box16", 4, 16), ("cls16", 6, 16)], "mean(cls8[4])"),
    ])
    func mapsThatNothingDecodedAreAsked(_ maps: [(String, Int, Int)], _ wanted: String) throws {
        var graph = try Self.maps(maps.map { (name: $0.0, channels: $0.1, stride: $0.2) })
        graph.metadata = ["names": "['a', 'b']"]
        let attributor = try Toys.attributor(graph)
        let input = try Toys.floats((0..<3072).map { Float($0 % 11) }, [1, 3, 32, 32])
        let error = #expect(throws: ExplanationError.self) { try attributor.reading(of: ["x": input]) }
        guard case .unknownHead(_, let example)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        // The classes are the last two channels.
        #expect(example == wanted)
        let result = try attributor.attribute(
            inputs: ["x": input], target: try Target(parsing: example), methods: [MethodSpecification("score")])
        #expect(result[0].values.elements[0].isFinite)
    }

    @Test func classMapsBesideOffsetsAreAGuess() throws {
        let input = try Toys.floats((0..<3072).map { Float($0 % 11) }, [1, 3, 32, 32])
        let detector = try Toys.attributor(Self.maps([("hm", 5, 4), ("wh", 2, 4)]))
        #expect(try detector.reading(of: ["x": input])?.head.description.isGuess == true)
        let segmentation = try Toys.attributor(Self.maps([("hm", 5, 4)]))
        #expect(try segmentation.reading(of: ["x": input])?.head.description.isGuess == false)
    }

    /// Boxes, then columns that could be objectness and three classes, or four classes: the file's names settle it.
    @Test(arguments: [(3, 3), (4, 4)])
    func namesInTheFileTellObjectnessFromClasses(_ names: Int, _ classes: Int) throws {
        var graph = try Graph(
            contentsOf: GoldenHeadTests.folder.appending(path: "detector_objectness.onnx").path)
        let known = try #require(GoldenHeadTests.cases.first { $0.name == "detector_objectness" })
        graph.metadata["names"] = "{" + (0..<names).map { "\($0): 'n\($0)'" }.joined(separator: ", ") + "}"
        let attributor = try Toys.attributor(graph)
        let (head, _) = try #require(try attributor.reading(of: ["image": AnyTensor(try known.picture)]))
        #expect(head.description.kind == .detector && head.description.classCount == classes)
        #expect(!head.description.isGuess)
    }
}
