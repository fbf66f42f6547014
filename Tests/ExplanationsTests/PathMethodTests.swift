import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Path and sampling methods against float64 values of `Scripts/golden/path_methods.py` and captum's.
@Suite struct PathMethodTests {
    struct Record: Decodable, Sendable {
        let target: Int
        let tolerance: Double
        let quadrature: [Quadrature]
        let blur: Blur
    }

    struct Quadrature: Decodable, Sendable {
        let rule: String
        let steps: Int
        let nodes: [Double]
        let weights: [Double]
    }

    struct Blur: Decodable, Sendable {
        let shape: [Int]
        let plane: [Float]
        let cases: [Case]

        struct Case: Decodable, Sendable {
            let sigma: Double
            let border: String
            let values: [Float]
        }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/paths")
    static let record = Result { try Golden.decode(Record.self, "paths/paths.json") }

    private let arrays: [String: AnyTensor]
    private let attributor: Attributor
    private let files: TemporaryFolder

    init() throws {
        arrays = try NumpyArchive.read(path: Self.folder.appending(path: "smooth.npz").path)
        attributor = Attributor(
            try Model(contentsOf: Self.folder.appending(path: "smooth.onnx").path, engine: ONNXRuntimeEngine()))
        files = try TemporaryFolder()
        for name in ["noise", "baseline"] {
            try Numpy.write(try #require(arrays[name]), path: files.path("\(name).npy"))
        }
    }

    private func ask(_ methods: [String], samples: [Int] = [0, 1]) throws -> [Attribution] {
        try attributor.attribute(
            inputs: ["input": try #require(arrays["input"]).rows(samples)],
            target: .classIndex(try Self.record.get().target),
            methods: methods.map {
                try MethodSpecification(
                    parsing: $0.replacingOccurrences(of: "FILE", with: files.path("noise.npy"))
                        .replacingOccurrences(of: "START", with: files.path("baseline.npy")))
            })
    }

    static let methods = [
        "integrated-gradients": "ig-gauss-legendre-50",
        "integrated-gradients:rule=trapezoid": "ig-trapezoid-50",
        "integrated-gradients:rule=midpoint,steps=7": "ig-midpoint-7",
        "integrated-gradients:rule=left,steps=7": "ig-left-7",
        "integrated-gradients:rule=right,steps=7": "ig-right-7",
        "integrated-gradients:steps=20,baseline=START": "ig-baseline-file-20",
        "integrated-gradients:steps=20,baseline=0.5+-0.25": "ig-two-baselines-20",
        "smoothgrad:noise=FILE": "smoothgrad",
        "smoothgrad-squared:noise=FILE": "smoothgrad-squared",
        "vargrad:noise=FILE": "vargrad",
        "ig-smoothgrad:noise=FILE,steps=10": "ig-smoothgrad",
        "ig-smoothgrad-squared:noise=FILE,steps=10": "ig-smoothgrad-squared",
        "smoothgrad:of=integrated-gradients,noise=FILE,steps=10": "ig-smoothgrad",
        "blur-integrated-gradients:sigma=3,steps=25": "blur-ig-reflect",
        "blur-integrated-gradients:sigma=3,steps=25,border=zero": "blur-ig-zero",
        "guided-integrated-gradients:steps=20": "guided-ig-0.02",
        "guided-integrated-gradients:steps=20,distance=0.2": "guided-ig-0.2",
    ]

    @Test(arguments: methods.sorted { $0.key < $1.key })
    func mapsEqualTheirPapers(_ method: String, _ key: String) throws {
        let found = try ask([method])[0]
        let expected = try #require(arrays[key]).floatTensor
        #expect(found.values.shape == expected.shape)
        #expect(try relativeError(found.values, expected) <= Self.record.get().tolerance)
    }

    /// Captum's Gauss-Legendre rule is ours; its trapezoid rule of n points has weights that sum to (n - 1)/n.
    @Test func captumAgreesButForItsTrapezoidWeights() throws {
        let tolerance = try Self.record.get().tolerance
        let found = try ask(["integrated-gradients", "integrated-gradients:rule=trapezoid"])
        #expect(
            try relativeError(found[0].values, try #require(arrays["captum-gauss-legendre-50"]).floatTensor)
                <= tolerance)
        let captum = try #require(arrays["captum-trapezoid-51"]).floatTensor
        #expect(try relativeError(found[1].values, captum.map { $0 * 51 / 50 }) <= tolerance)
        #expect(try relativeError(found[1].values, captum) > 0.015)
    }

    @Test func standardErrorsAreThoseOfTheMean() throws {
        let found = try ask(["smoothgrad:noise=FILE"])[0]
        let expected = try #require(arrays["standard-error"]).floatTensor
        #expect(
            try relativeError(try #require(found.companions["standard-error"]), expected) <= Self.record.get().tolerance
        )
        for sample in 0..<2 {
            func energy(_ tensor: Tensor<Float>) -> Double {
                tensor.slice(sample).elements.reduce(0) { $0 + Double($1) * Double($1) }
            }
            let ratio = (energy(expected) / energy(try #require(arrays["smoothgrad"]).floatTensor)).squareRoot()
            let check = try #require(found.checks[sample].first { $0.name == "standard error" })
            #expect(abs(check.value / ratio - 1) < 1e-3)
        }
    }

    /// A sample's map depends on that sample alone.
    @Test(arguments: [
        "integrated-gradients:steps=5,baseline=mean+noise:3", "smoothgrad:samples=7", "expected-gradients:samples=9",
        "guided-integrated-gradients:steps=5", "blur-integrated-gradients:steps=4", "vargrad:of=gradcam,samples=5",
        "augmented:with=ten-crop", "fusion:of=gradcam",
    ])
    func samplesOfABatchAreAsOnTheirOwn(_ method: String) throws {
        let both = try ask([method])[0]
        for sample in 0..<2 {
            let alone = try ask([method], samples: [sample])[0]
            #expect(both.values.slice(sample) == alone.values.slice(0))
            #expect(both.checks[sample] == alone.checks[0])
        }
        #expect(try ask([method])[0].values == both.values)
        #expect(both.values.slice(0) != both.values.slice(1))
    }

    @Test func seedsDecideAboutTheNoise() throws {
        let found = try ask(["smoothgrad:samples=3", "smoothgrad:samples=3,seed=1", "smoothgrad:samples=4"]).map(
            \.values)
        #expect(try relativeError(found[0], found[1]) > 1e-3)
        #expect(try relativeError(found[0], found[2]) > 1e-4)
    }

    @Test func attributionsAddUpToTheScoresDifference() throws {
        let zero = AnyTensor(zeros: .float32, shape: [2, 3, 12, 10])
        let start = try attributor.attribute(
            inputs: ["input": zero], target: .classIndex(try Self.record.get().target),
            methods: [MethodSpecification("score")])[0].scores
        let scores = try #require(arrays["score"]).floatTensor.elements
        for method in [
            "integrated-gradients", "integrated-gradients:steps=auto", "integrated-gradients:steps=2,rule=left",
        ] {
            let found = try ask([method])[0]
            for sample in 0..<2 {
                let sum = found.values.slice(sample).elements.reduce(0) { $0 + Double($1) }
                let difference = Double(scores[sample]) - Double(start[sample])
                let check = try #require(found.checks[sample].first { $0.name == "completeness gap" })
                #expect(abs(check.value - abs(sum - difference) / abs(difference)) < 1e-4)
                if !method.contains("left") { #expect(check.value < 0.01) }
            }
            #expect(found.notes.contains { $0.contains("misses the score's difference") } == method.contains("left"))
        }
    }

    /// Two random networks change their gradients faster than 200 steps can follow; with 20000 they add up to 3 % and 0.4 %.
    @Test(
        arguments: GoldenNetworkTests.cases.filter {
            $0.file.exporter == "torchscript" && !["mobilenet_v2", "googlenet"].contains($0.network.name)
        })
    func attributionsAddUpInNetworksWithKinks(_ golden: GoldenNetworkTests.Case) throws {
        let arrays = try NumpyArchive.read(path: GoldenNetworkTests.folder.appending(path: golden.network.arrays).path)
        let model = try Model(
            contentsOf: GoldenNetworkTests.folder.appending(path: golden.file.file).path, engine: ONNXRuntimeEngine())
        let input = try #require(arrays["input"]).rows([0])
        let target = golden.network.targets[0]
        func ask(_ input: AnyTensor, _ method: String) throws -> Attribution {
            try Attributor(model).attribute(
                inputs: [try #require(model.inputs.first?.name): input], target: .classIndex(target),
                methods: [MethodSpecification(parsing: method)])[0]
        }
        let found = try ask(input, "integrated-gradients:rule=midpoint,steps=200")
        let start = try ask(AnyTensor(zeros: .float32, shape: input.shape), "score").scores[0]
        let difference = Double(found.scores[0]) - Double(start)
        let sum = found.values.elements.reduce(0) { $0 + Double($1) }
        #expect(abs(sum - difference) < 0.02 * abs(difference))
        #expect(found.checks[0].contains { $0.name == "completeness gap" && $0.value < 0.02 })
    }

    @Test(arguments: (try? record.get().quadrature) ?? [])
    func quadratureEqualsNumPy(_ golden: Quadrature) throws {
        let nodes = try #require(QuadratureRule(rawValue: golden.rule)).nodes(golden.steps)
        #expect(nodes.count == golden.nodes.count)
        for (node, (position, weight)) in zip(nodes, zip(golden.nodes, golden.weights)) {
            #expect(abs(node.position - position) < 1e-13)
            #expect(abs(node.weight - weight) < 1e-13)
        }
        // Another order of the same nodes.
        #expect(nodes.spread.sorted { $0.position < $1.position } == nodes)
    }

    @Test func spreadNodesCoverTheIntervalEarly() {
        let nodes = QuadratureRule.midpoint.nodes(50).spread
        for count in [4, 9, 17, 33] {
            let positions = nodes.prefix(count).map(\.position).sorted()
            let gaps = zip([0] + positions, positions + [1]).map { $1 - $0 }
            #expect((gaps.max() ?? 1) < 2.6 / Double(count))
        }
    }

    @Test func blursEqualSciPy() throws {
        let golden = try Self.record.get().blur
        let plane = try Tensor(shape: Shape(golden.shape), elements: golden.plane)
        #expect(golden.cases.count == 6)
        for one in golden.cases {
            let border = try #require(GaussianBlur.Border(rawValue: one.border))
            let found = GaussianBlur(sigma: one.sigma, border: border).applied(to: plane)
            #expect(
                zip(found.elements, one.values).allSatisfy { abs($0 - $1) < 1e-6 }, "\(one.sigma) \(one.border)")
        }
        #expect(GaussianBlur(sigma: 0).applied(to: plane) == plane)
    }
}
