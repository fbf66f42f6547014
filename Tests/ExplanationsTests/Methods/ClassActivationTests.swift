import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Class activation maps of tiny networks against PyTorch and NumPy in float64 (`Scripts/golden/class_activation.py`).
@Suite struct ClassActivationTests {
    struct Index: Decodable {
        let tolerance: Double
        let networks: [Network]
    }

    struct Network: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let target: Int
        let layer: String
        let softmax: Bool
        let methods: [String]
        var testDescription: String { name }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
        path: "Golden/class_activation")
    static let index = Result {
        try JSONDecoder().decode(Index.self, from: Data(contentsOf: folder.appending(path: "class_activation.json")))
    }
    static var networks: [Network] { (try? index.get().networks) ?? [] }
    static var averaging: [Network] { networks.filter { $0.name == "averaging" } }

    private struct Case {
        let attributor: Attributor
        let arrays: [String: AnyTensor]
        let input: AnyTensor
        let network: Network

        init(_ network: Network) throws {
            let model = try Model(
                contentsOf: folder.appending(path: "\(network.name).onnx").path, engine: ONNXRuntimeEngine())
            attributor = Attributor(model)
            arrays = try NumpyArchive.read(path: folder.appending(path: "\(network.name).npz").path)
            input = try #require(arrays["input"])
            self.network = network
        }

        func ask(
            _ methods: [String], target: String? = nil, settings: RunSettings = RunSettings()
        ) throws -> [Attribution] {
            let text = target ?? (network.softmax ? "logit(\(network.target))" : "\(network.target)")
            return try attributor.attribute(
                inputs: ["input": input], target: Target(parsing: text), targetText: text,
                methods: methods.enumerated().map { number, method in
                    try MethodSpecification(parsing: "m\(number)=\(method)")
                }, layer: network.layer, settings: settings)
        }
    }

    /// The largest difference relative to the sample's largest expected magnitude.
    private func error(_ found: Tensor<Float>, _ expected: Tensor<Float>) throws -> Double {
        try #require(found.shape == expected.shape)
        return try (0..<expected.shape[0]).map { try relativeError(found.slice($0), expected.slice($0)) }.max() ?? 0
    }

    @Test func theFileIsComplete() throws {
        #expect(try Self.index.get().networks.count == 6)
        #expect(Self.networks.map(\.methods.count) == [38, 38, 38, 37, 36, 36])
    }

    /// Every method with every variant, on averaging and curved heads, signed maps, softmax, channels last and tokens.
    @Test(arguments: networks)
    func everyMapIsPyTorchs(_ network: Network) throws {
        let tolerance = try Self.index.get().tolerance
        let golden = try Case(network)
        let noise = ":noise=" + Self.folder.appending(path: "noise.npy").path
        let methods = network.methods.map { method in
            guard method.hasPrefix("smooth-gradcam++") else { return method }
            let variant = method.dropFirst("smooth-gradcam++:".count)
            return "smooth-gradcam++" + noise + (variant.isEmpty ? "" : ",\(variant)")
        }
        for (method, result) in zip(network.methods, try golden.ask(methods)) {
            let expected = try #require(golden.arrays[method]).floatTensor
            let error = try error(result.values, expected)
            #expect(error <= tolerance, "\(method)")
            if method == "scorecam" {
                let scores = try #require(golden.arrays["scorecam.scores"]).floatTensor
                let found = try #require(result.companions["scores"])
                #expect(try self.error(found, scores) <= tolerance)
            }
        }
    }

    /// Before average pooling and a linear layer, the gradient is the same in all cells.
    @Test(arguments: averaging)
    func averagingHeadsMakeManyMethodsOne(_ network: Network) throws {
        let maps = try Case(network).ask([
            "gradcam", "cam", "hirescam", "xgradcam", "reciprocam", "layercam", "gradcam++:variant=official",
            "gradcam-elementwise", "finercam:gamma=0", "iscam:steps=1", "scorecam",
        ]).map(\.values)
        let cells = Float(maps[0].shape[1] * maps[0].shape[2])
        #expect(try error(maps[1], maps[0].map { $0 * cells }) < 1e-5)
        for same in [2, 3, 4, 8] { #expect(try error(maps[same], maps[0]) < 1e-5, "\(same)") }
        for same in [6, 7] { #expect(try error(maps[same], maps[5]) < 1e-5, "\(same)") }
        #expect(try error(maps[9], maps[10]) < 1e-6)
    }

    /// pytorch-grad-cam ablates by min(A) - 1e7 where the smallest activation is not 0, which is not the paper's 0.
    @Test(arguments: networks.filter { ["averaging", "curved", "signed"].contains($0.name) })
    func ablationDiffersFromThePackageOnlyWhereMapsAreSigned(_ network: Network) throws {
        let golden = try Case(network)
        let found = try golden.ask(["ablationcam"])[0]
        let theirs = try #require(golden.arrays["pytorch-grad-cam.ablationcam"]).floatTensor
        let difference = try error(found.values, theirs)
        #expect(network.name == "signed" ? difference > 0.1 : difference < 2e-4)
        #expect(found.scores.allSatisfy { $0 < 0 })
    }

    /// α = 1 / (2 + s G) tends to 1/2 for tiny gradients; their cubes would be no float32.
    @Test(arguments: networks.filter { $0.name == "curved" })
    func tinyGradientsKeepTheirMap(_ network: Network) throws {
        let golden = try Case(network)
        let (gradient, activation) = try {
            let found = try golden.ask(["layer-gradient", "activation"])
            return (found[0].values, found[1].values)
        }()
        let cells = gradient.shape[2] * gradient.shape[3]
        var expected = Tensor<Float>(repeating: 0, shape: [2, gradient.shape[2], gradient.shape[3]])
        for sample in 0..<2 {
            for channel in 0..<gradient.shape[1] {
                let start = (sample * gradient.shape[1] + channel) * cells
                let weight = gradient.elements[start..<start + cells].reduce(0) { $0 + max($1, 0) } / 2
                expected.mutateElements { elements in
                    for cell in 0..<cells {
                        elements[sample * cells + cell] += weight * activation.elements[start + cell]
                    }
                }
            }
        }
        let factor: Float = 1e-20
        let tiny = try golden.ask(
            ["gradcam++", "smooth-gradcam++:samples=1,sigma=0", "gradcam++:variant=official", "eigengradcam"],
            target: "0.00000000000000000001 * y[\(network.target)]")
        for result in tiny.prefix(2) {
            #expect(try error(result.values.map { $0 / factor }, expected) < 1e-4, "\(result.method.label)")
        }
        let whole = try golden.ask(["eigengradcam"])[0].values
        #expect(try error(tiny[3].values.map { $0 / factor }, whole) < 1e-4)
    }

    @Test func theFirstComponentIsFoundAmongNearTies() throws {
        // Two channels whose cells are orthogonal: the singular values are 1 + gap and 1.
        for gap in [Float(2e-5), 1e-4, 0.5] {
            var graph = Graph()
            let shape: Shape = [1, 2, 2, 2]
            let x = graph.addInput("x", type: .float32, shape: shape)
            let map = graph.append("Relu", [x], name: "map")[0]
            let pooled = graph.append("GlobalAveragePool", [map], name: "pooled")[0]
            let flat = graph.append("Flatten", [pooled], name: "y")[0]
            graph.outputs = [Graph.Output(name: "y", value: flat)]
            var values = [Float](repeating: 0, count: shape.count)
            values[1] = 1 + gap
            values[7] = 1
            let found = try Toys.attributor(graph).attribute(
                inputs: ["x": Toys.floats(values, shape)], target: .classIndex(0),
                methods: [MethodSpecification("eigencam")], layer: "map")[0].values.elements
            let expected: [Float] = [0, 1 + gap, 0, 0]
            #expect(found.count == expected.count)
            for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-6, "\(gap): \(found)") }
        }
    }

    /// A layer of zeros, of which nothing is known: every map is finite, and all but scores are zero.
    @Test func deadLayersGiveZeros() throws {
        let graph = try Toys.classifier(batch: nil)
        let every = MethodCatalogue.descriptions.filter { $0.family == .classActivation }.map(\.name)
        let methods =
            every.map { name in
                ["sscam": "sscam:samples=2", "smooth-gradcam++": "smooth-gradcam++:samples=2"][name] ?? name
            } + [
                "eigencam:center=true", "gradcam++:variant=official", "gradcam++:variant=tf-keras-vis",
                "gradcam++:eps=1e-6",
            ]
        let found = try Toys.attributor(graph).attribute(
            inputs: ["x": Toys.floats([Float](repeating: -1, count: 16), [2, 2, 2, 2])], target: .classIndex(1),
            methods: try methods.enumerated().map { try MethodSpecification(parsing: "m\($0)=\($1)") })
        for (method, result) in zip(methods, found) {
            #expect(result.values.elements.allSatisfy { $0 == 0 }, "\(method): \(result.values.elements)")
        }
    }

    /// Interpolation makes rounding noise of a constant channel; brought to 0...1 that would be a mask.
    @Test func constantChannelsAreNoMasks() throws {
        let graph = try Toys.classifier(batch: nil)
        // Channel 0 is 0.3 everywhere, channel 1 varies.
        let values: [Float] = [0.3, 0.3, 0.3, 0.3, 1, 2, 3, 5]
        let found = try Toys.attributor(graph).attribute(
            inputs: ["x": Toys.floats(values, [1, 2, 2, 2])], target: .classIndex(1),
            methods: [
                try MethodSpecification(parsing: "scorecam"), try MethodSpecification(parsing: "faster-scorecam"),
            ])
        let scores = try #require(found[0].companions["scores"]).elements
        #expect(abs(scores[0] - Toys.biases[1]) < 1e-6)
        let weights = try #require(found[1].companions["weights"]).elements
        #expect(weights[0] == 0 && weights[1] > 0)
    }

    @Test func timeLeavesTheChannelsThatVaryMost() throws {
        let golden = try Case(try #require(Self.networks.first { $0.name == "curved" }))
        // No time at all still allows one portion of channels; a budget of one byte makes portions of one.
        let result = try golden.ask(["scorecam"], settings: RunSettings(memory: 1, time: .zero))[0]
        let scores = try #require(result.companions["scores"])
        let whole = try #require(golden.arrays["scorecam.scores"]).floatTensor
        let activation = try golden.ask(["activation"])[0].values
        for sample in 0..<2 {
            let constant = (0..<activation.shape[1]).count { channel in
                let values = activation.slice(sample).slice(channel).elements
                return values.allSatisfy { $0 == values[0] }
            }
            #expect(constant >= 2)
            let asked = scores.slice(sample).elements.enumerated().filter { !$1.isNaN }
            // The strongest channel, and the constant ones, which cost nothing.
            #expect(asked.count == 1 + constant)
            for (channel, score) in asked { #expect(abs(score - whole[sample, channel]) < 1e-5) }
        }
        #expect(result.values.elements.allSatisfy { $0.isFinite })
        #expect(result.notes.contains { $0.contains("ended after 1 of") })
    }

    @Test(arguments: [
        ("gradcam++:eps=1e-6,variant=official", "3"), ("gradcam++:variant=best", "3"), ("scorecam:variant=worst", "3"),
        ("scorecam:channels=0", "3"), ("fem:k=nan", "3"), ("eigencam:center=maybe", "3"), ("finercam", "mean(y)"),
        ("finercam", "3 - 2"), ("finercam:of=score", "3"), ("finercam:references=0", "3"), ("refinecam:layers=", "3"),
        ("reciprocam:mask=round", "3"), ("sscam:sigma=-1", "3"), ("iscam:steps=0", "3"),
        ("smooth-gradcam++:samples=0", "3"),
        ("smooth-gradcam++:noise=missing.npy", "3"), ("layercam:eps=1", "3"),
    ])
    func whatCannotBeDoneIsSaid(_ method: String, target: String) throws {
        let golden = try Case(try #require(Self.networks.first))
        #expect(throws: ExplanationError.self) { try golden.ask([method], target: target) }
    }

    @Test func unknownLayersOfAProductAreNamed() throws {
        let golden = try Case(try #require(Self.networks.first))
        #expect(throws: GraphError.self) { try golden.ask(["refinecam:layers=nowhere"]) }
        // Without names, the layers are chosen; the map is at the input's size.
        let result = try golden.ask(["refinecam"])[0]
        #expect(result.values.shape == [2, 20, 28])
        #expect(result.values.elements.allSatisfy { (0...1).contains($0) })
    }
}
