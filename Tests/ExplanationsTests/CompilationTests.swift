import Explanations
import Foundation
import Graphs
import ONNXFormat
import ONNXMessages
import Runtime
import Tensors
import Testing

/// Compiled explanations run by an engine alone, against closed forms of a network that ends in a mean and a linear layer.
@Suite struct CompilationTests {
    private func compiled(
        _ method: String, _ target: String = "top1", batch: Int = 3, settings: RunSettings = RunSettings(),
        graph: Graph? = nil
    ) throws -> (CompiledExplanation, Attributor) {
        let attributor = try Toys.attributor(try graph ?? Toys.classifier(batch: nil))
        let request = CompilationRequest(
            method: try MethodSpecification(parsing: method), target: try CompilationTarget(parsing: target),
            shapes: ["x": [batch, 2, 2, 2]], settings: settings)
        return (try attributor.compile(request), attributor)
    }

    private func run(
        _ compiled: CompiledExplanation, classes: [Int64]? = nil, batch: Int = 3
    ) throws -> [String: AnyTensor] {
        let bytes = try compiled.serialized(metadata: [:], version: "test")
        let program = try ONNXRuntimeEngine().load(bytes, options: ProgramOptions())
        var inputs = ["x": try Toys.floats(Array(Toys.pixels.prefix(8 * batch)), [batch, 2, 2, 2])]
        if let classes { inputs["target"] = AnyTensor(Tensor(vector: classes)) }
        return try program.run(inputs)
    }

    private func expectEqual(_ found: AnyTensor?, _ expected: [Float], _ shape: Shape) throws {
        let found = try #require(found)
        #expect(found.shape == shape)
        #expect(
            zip(found.floats, expected).allSatisfy { abs($0 - $1) < 2e-5 * max(1, abs($1)) },
            "\(found.floats) instead of \(expected)")
    }

    private static let best = (0..<3).map { sample in
        (0..<3).max { Toys.logit(sample, $0) < Toys.logit(sample, $1) } ?? 0
    }

    /// Grad-CAM is a quarter of the class's map of four cells.
    private static func map(_ classes: [Int]) -> [Float] {
        classes.enumerated().flatMap { sample, index in Toys.map(sample, index).map { $0 / 4 } }
    }

    @Test(arguments: [false, true])
    func theHighestClassIsFoundInside(softmax: Bool) throws {
        let (file, _) = try compiled("gradcam", graph: Toys.classifier(batch: nil, softmax: softmax))
        let results = try run(file)
        // Logits are explained, also behind a softmax.
        try expectEqual(results["map"], Self.map(Self.best), [3, 2, 2])
        try expectEqual(results["score"], Self.best.enumerated().map { Toys.logit($0, $1) }, [3])
        #expect(results["target"]?.elementType == .int64 && results["target"]?.integers == Self.best)
        if !softmax {
            let logits = (0..<3).flatMap { sample in (0..<3).map { Toys.logit(sample, $0) } }
            try expectEqual(results["logits"], logits, [3, 3])
        }
        #expect(Set(results.keys) == ["map", "score", "target", softmax ? "probabilities" : "logits"])
    }

    @Test func aClassCanBeGivenToTheFile() throws {
        let (file, _) = try compiled("gradcam", "input")
        #expect(file.inputs.map(\.name) == ["x", "target"])
        try expectEqual(try run(file, classes: [2, 0, 1])["map"], Self.map([2, 0, 1]), [3, 2, 2])
        #expect(throws: RuntimeError.self) { try run(file, classes: [2, 0, 3]) }
    }

    @Test func aTargetOfTheGrammarIsAConstant() throws {
        let (file, _) = try compiled("gradcam", "0 - 2")
        let expected = zip(Self.map([0, 0, 0]), Self.map([2, 2, 2])).map { $0 - $1 }
        let results = try run(file)
        try expectEqual(results["map"], expected, [3, 2, 2])
        try expectEqual(results["score"], (0..<3).map { Toys.logit($0, 0) - Toys.logit($0, 2) }, [3])
        #expect(results["target"] == nil)
    }

    /// From 0 the network is homogeneous, so a weight times a positive number is that number's whole share.
    @Test(arguments: [1 << 30, 1])
    func integratedGradientsAreCopiesOfTheModel(memory: Int) throws {
        let (file, _) = try compiled(
            "integrated-gradients:steps=5,rule=midpoint", "1", settings: RunSettings(memory: memory))
        let expected = Toys.pixels.enumerated().map { index, value in
            Toys.weights[2 + index % 8 / 4] / 4 * max(value, 0)
        }
        try expectEqual(try run(file)["map"], expected, [3, 2, 2, 2])
        let copies = memory == 1 ? "5 copies of the model follow one another" : "as one batch"
        #expect(file.notes.contains { $0.contains(copies) }, "\(file.notes)")
    }

    @Test func theIntegralStartsAtTheBaseline() throws {
        // From the picture's own mean colour, by the difference of scores: the shares add up to it.
        let (file, attributor) = try compiled("integrated-gradients:steps=200,baseline=mean", "1", batch: 1)
        let pixels = Array(Toys.pixels.prefix(8))
        let means = (0..<2).map { channel in pixels[4 * channel..<4 * channel + 4].reduce(0, +) / 4 }
        let at = try attributor.attribute(
            inputs: ["x": Toys.floats(means.flatMap { [Float](repeating: $0, count: 4) }, [1, 2, 2, 2])],
            target: .classIndex(1), methods: [MethodSpecification("score")])
        let sum = try #require(try run(file, batch: 1)["map"]).floats.reduce(0, +)
        #expect(abs(sum - (Toys.logit(0, 1) - at[0].scores[0])) < 0.02)
    }

    @Test func noiseAndColoursAsBaselinesAreInTheFile() throws {
        let settings = RunSettings(space: InputSpace(black: [-2, -1], white: [1, 3]))
        for baseline in ["noise", "noise:3", "black", "white", "black+white"] {
            let method = "integrated-gradients:steps=4,baseline=\(baseline)"
            let (file, attributor) = try compiled(method, "1", settings: settings)
            let expected = try attributor.attribute(
                Query(
                    inputs: ["x": try Toys.floats(Toys.pixels, [3, 2, 2, 2])], target: .classIndex(1),
                    methods: [MethodSpecification(parsing: method)]), settings: settings)[0].values
            try expectEqual(try run(file)["map"], expected.elements, [3, 2, 2, 2])
        }
    }

    @Test func noiselessCopiesGiveTheGradientAndNoVariance() throws {
        let gradient = Toys.pixels.enumerated().map { index, value in
            value > 0 ? Toys.weights[2 + index % 8 / 4] / 4 : 0
        }
        for (method, expected) in [
            ("smoothgrad", gradient), ("smoothgrad-squared", gradient.map { $0 * $0 }),
            ("vargrad", gradient.map { _ in 0 }),
        ] {
            let (file, _) = try compiled("\(method):sigma=0,samples=3", "1")
            try expectEqual(try run(file)["map"], expected, [3, 2, 2, 2])
        }
    }

    @Test(arguments: [
        "smoothgrad:samples=7,sigma=0.5,seed=3", "vargrad:samples=7,sigma=0.5", "smoothgrad:samples=4,of=gradcam",
        "integrated-gradients:steps=6,baseline=blur:0.7+1.5,rule=trapezoid", "lrp", "cam",
    ])
    func filesEqualAttribute(_ method: String) throws {
        let (file, attributor) = try compiled(method, "top1", batch: 2)
        let check = try attributor.check(file, bytes: try file.serialized(metadata: [:], version: "test"))
        #expect(check.passed && check.map < 1e-5, "\(check)")
    }

    @Test func aModelOfOneSampleTakesPointsOneByOne() throws {
        // The mean over the samples cannot be rewritten for another number of them.
        var graph = try Toys.classifier(batch: 1)
        let axis = graph.addConstant(AnyTensor(Tensor<Int64>(vector: [0])), name: "axis")
        let mean = graph.append("ReduceMean", [graph.outputs[0].value, axis], name: "mean")[0]
        graph.outputs = [Graph.Output(name: "mean", value: mean)]
        let (file, attributor) = try compiled("integrated-gradients:steps=4", "1", batch: 1, graph: graph)
        #expect(file.notes.contains { $0.contains("4 copies of the model follow one another") }, "\(file.notes)")
        #expect(try attributor.check(file, bytes: file.serialized(metadata: [:], version: "")).passed)
    }

    @Test func theCheckFindsAnotherTargetsFile() throws {
        let (file, attributor) = try compiled("gradcam", "0")
        let (other, _) = try compiled("gradcam", "1")
        #expect(try !attributor.check(file, bytes: other.serialized(metadata: [:], version: "")).passed)
    }

    @Test func theModelsOwnNamesComeFirst() throws {
        var graph = try Toys.classifier(batch: nil)
        let relu = try #require(graph.value(named: "map"))
        graph.outputs.append(Graph.Output(name: "map", value: relu))
        let (file, _) = try compiled("gradcam", "1", graph: graph)
        #expect(file.outputs.map(\.name) == ["logits", "map", "gaze.map", "score"])
        let results = try run(file)
        try expectEqual(results["map"], Toys.pixels.map { max($0, 0) }, [3, 2, 2, 2])
        try expectEqual(results["gaze.map"], Self.map([1, 1, 1]), [3, 2, 2])
    }

    @Test func theFileSaysWhatItIs() throws {
        let (file, _) = try compiled("integrated-gradients:steps=5", "1")
        let path = FileManager.default.temporaryDirectory.appending(path: "compiled-\(UUID().uuidString).onnx").path
        try Data("abc".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let metadata = try file.metadata(model: path, version: "1.2.3")
        let model = try ONNXFile.read(data: file.serialized(metadata: metadata, version: "1.2.3"))
        let entries = Dictionary(uniqueKeysWithValues: model.metadataProps.map { ($0.key, $0.value) })
        #expect(entries["gaze.method"] == "integrated-gradients")
        #expect(entries["gaze.parameters"] == "baseline=0,rule=gauss-legendre,steps=5")
        #expect(entries["gaze.target"] == "1" && entries["gaze.input"] == "x" && entries["gaze.version"] == "1.2.3")
        // FIPS 180-4's example.
        #expect(
            entries["gaze.model.sha256"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(model.opsetImport.map(\.domain) == [""] && model.opsetImport.map(\.version) == [21])
        #expect(model.docString.contains("integrated-gradients (baseline=0"))
    }

    @Test func weightsAreInTheFileOnce() throws {
        let (one, _) = try compiled("gradient", "1")
        let (many, _) = try compiled("integrated-gradients:steps=9", "1", settings: RunSettings(memory: 1))
        func count(_ file: CompiledExplanation) throws -> Int {
            try ONNXFile.read(data: file.serialized(metadata: [:], version: "")).graph.initializer
                .count { $0.dims == [3, 2] }
        }
        #expect(try count(many) == count(one))
    }

    @Test func whatOneGraphCannotIsRefused() throws {
        #expect(throws: ExplanationError.self) { try compiled("occlusion") }
        #expect(throws: ExplanationError.self) { try compiled("integrated-gradients:steps=auto") }
        #expect(throws: ExplanationError.self) { try compiled("integrated-gradients:baseline=black") }
        #expect(throws: ExplanationError.self) { try compiled("gradcam", "9") }
        // Not a classifier: one number a sample.
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [.symbolic("n"), .fixed(2), .fixed(2), .fixed(2)])
        graph.outputs = [Graph.Output(name: "y", value: graph.append("Relu", [x], name: "y")[0])]
        #expect(throws: ExplanationError.self) { try compiled("gradient", graph: graph) }
    }
}
