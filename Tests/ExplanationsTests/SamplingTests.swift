import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Path and sampling methods on models whose results can be written down.
@Suite struct SamplingTests {
    private static let weights: [Float] = [1, -2, 0.5, 3, -0.25, 1.5, 2, -1]
    private static let x = Array(Toys.pixels[..<8])

    /// `S = w x + 0.75`.
    private static func linear(_ weights: [Float] = weights) throws -> Graph {
        var graph = Graph()
        let x = graph.addInput(
            "x", type: .float32, dimensions: [.symbolic("n"), .fixed(2), .fixed(2), .fixed(2)])
        let flat = graph.append("Flatten", [x], name: "flat")[0]
        let weight = graph.addConstant(try Toys.floats(weights, [8, 1]), name: "w")
        let bias = graph.addConstant(try Toys.floats([0.75]), name: "b")
        let score = graph.append("Gemm", [flat, weight, bias], name: "score")[0]
        graph.outputs = [Graph.Output(name: "score", value: score)]
        return graph
    }

    /// `S = Σ x²`.
    private static func quadratic() throws -> Graph {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [.symbolic("n"), .fixed(2), .fixed(2), .fixed(2)])
        let square = graph.append("Mul", [x, x], name: "square")[0]
        let flat = graph.append("Flatten", [square], name: "flat")[0]
        let ones = graph.addConstant(try Toys.floats([Float](repeating: 1, count: 8), [8, 1]), name: "ones")
        let score = graph.append("MatMul", [flat, ones], name: "score")[0]
        graph.outputs = [Graph.Output(name: "score", value: score)]
        return graph
    }

    private func ask(
        _ graph: Graph, _ method: String, at values: [Float] = x, settings: RunSettings = RunSettings()
    ) throws -> Attribution {
        try Toys.attributor(graph).attribute(
            inputs: ["x": Toys.floats(values, [values.count / 8, 2, 2, 2])], target: .classIndex(0),
            methods: [MethodSpecification(parsing: method)], settings: settings)[0]
    }

    private func isNear(_ found: [Float], _ expected: [Float], _ tolerance: Float = 1e-5) -> Bool {
        found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
    }

    @Test func filesMayHaveAPlusInTheirPath() throws {
        try TemporaryFolder.with { folder in
            try FileManager.default.createDirectory(atPath: folder + "/a+b", withIntermediateDirectories: true)
            let ones = AnyTensor(Tensor<Float>(repeating: 1, shape: [2, 2, 2]))
            func ask(_ baseline: String) throws -> Tensor<Float> {
                try self.ask(try Self.quadratic(), "integrated-gradients:steps=4,baseline=\(baseline)").values
            }
            for name in ["a+b/x.npy", "0+1.npy"] {
                try Numpy.write(ones, path: "\(folder)/\(name)")
                #expect(try ask("\(folder)/\(name)") == ask("1"))
                #expect(try ask("0+\(folder)/\(name)") == ask("0+1"))
            }
            for wrong in ["0+", "0+nothing", "\(folder)/a+b"] {
                #expect(throws: (any Error).self) { try ask(wrong) }
            }
        }
    }

    // MARK: The linear model

    @Test func noiseChangesNothingInALinearModel() throws {
        #expect(isNear(try ask(try Self.linear(), "smoothgrad:samples=20").values.elements, Self.weights, 1e-6))
        #expect(
            isNear(
                try ask(try Self.linear(), "smoothgrad-squared:samples=20").values.elements,
                Self.weights.map { $0 * $0 }))
        #expect(try ask(try Self.linear(), "vargrad:samples=20").values.elements == [Float](repeating: 0, count: 8))
        // Averages of another method: (x + mean noise) w, whose error is what the check says.
        let found = try ask(try Self.linear(), "smoothgrad:of=gradient-x-input,samples=400,sigma=0.01")
        let error = try #require(found.companions["standard-error"]).elements
        for index in 0..<8 {
            #expect(abs(found.values.elements[index] - Self.x[index] * Self.weights[index]) < 5 * error[index])
        }
    }

    /// `(x - x̄) w`, without the factor ½ that the sanity-check paper and its retellings have.
    @Test(arguments: ["gauss-legendre", "trapezoid", "midpoint", "left", "right"])
    func pathsOfALinearModelAreItsTerms(_ rule: String) throws {
        let found = try ask(try Self.linear(), "integrated-gradients:steps=3,rule=\(rule),baseline=0.5")
        #expect(isNear(found.values.elements, zip(Self.x, Self.weights).map { ($0 - 0.5) * $1 }))
        #expect(found.checks[0].contains { $0.name == "completeness gap" && $0.value < 1e-6 })
    }

    @Test(arguments: ["guided-integrated-gradients:steps=7,baseline=0.5", "expected-gradients:samples=5,baseline=0.5"])
    func otherPathsOfALinearModelAreItsTermsToo(_ method: String) throws {
        #expect(
            isNear(
                try ask(try Self.linear(), method).values.elements, zip(Self.x, Self.weights).map { ($0 - 0.5) * $1 }))
    }

    /// With a weight of 1 the map is the way from the baseline.
    private func baseline(_ text: String, settings: RunSettings = RunSettings(), at values: [Float] = x) throws
        -> [Float]
    {
        let ones = [Float](repeating: 1, count: 8)
        let found = try ask(
            try Self.linear(ones), "integrated-gradients:steps=1,baseline=\(text)", at: values, settings: settings)
        return zip(values, found.values.elements).map { $0 - $1 }
    }

    @Test func baselinesAreWhatTheySay() throws {
        func constant(_ channels: Float...) -> [Float] { channels.flatMap { [Float](repeating: $0, count: 4) } }
        #expect(isNear(try baseline("zero"), constant(0, 0)))
        #expect(isNear(try baseline("1e+1"), constant(10, 10)))
        #expect(isNear(try baseline("mean"), constant(1, 2.375)))
        let space = RunSettings(space: InputSpace(black: [-2, -1], white: [3, 4]))
        #expect(isNear(try baseline("black", settings: space), constant(-2, -1)))
        #expect(isNear(try baseline("white", settings: space), constant(3, 4)))
        #expect(isNear(try baseline("black+white", settings: space), constant(0.5, 1.5)))
        // A blur that is wider than the picture leaves its mean.
        #expect(isNear(try baseline("blur:100"), constant(1, 2.375), 1e-3))
        #expect(!isNear(try baseline("blur:0.5"), constant(1, 2.375), 0.1))
        #expect(try baseline("noise:1") != baseline("noise:2"))
        #expect(try baseline("noise:1") == baseline("noise:1"))
        for (text, settings) in [
            ("black", RunSettings()), ("white", RunSettings(space: InputSpace(black: [0], white: [1]))),
        ] {
            #expect(throws: ExplanationError.self) { try baseline(text, settings: settings) }
        }
    }

    @Test func filesHoldABaselineOrOneASample() throws {
        let folder = try TemporaryFolder()
        let two = Array(Toys.pixels[8..<24])
        try Numpy.write(Toys.floats(two, [2, 2, 2, 2]), path: folder.path("two.npy"))
        try Numpy.write(Toys.floats(Array(two[..<8]), [2, 2, 2]), path: folder.path("one.npy"))
        try Numpy.write(Toys.floats(two, [4, 4]), path: folder.path("flat.npy"))
        let inputs = Array(Toys.pixels[..<16])
        #expect(isNear(try baseline(folder.path("two.npy"), at: inputs), two))
        #expect(isNear(try baseline(folder.path("one.npy"), at: inputs), Array(two[..<8] + two[..<8])))
        #expect(throws: ExplanationError.self) { try baseline(folder.path("two.npy")) }
        #expect(throws: ExplanationError.self) { try baseline(folder.path("flat.npy")) }
        // Expected gradients draw from a stack of any length.
        let found = try ask(
            try Self.linear([Float](repeating: 1, count: 8)),
            "expected-gradients:samples=64,baseline=\(folder.path("two.npy"))")
        let drawn = zip(Self.x, found.values.elements).map { $0 - $1 }
        let share = (drawn[1] - two[9]) / (two[1] - two[9])
        #expect(share > 0.3 && share < 0.7)
        #expect(isNear(drawn, zip(two[..<8], two[8...]).map { share * $0 + (1 - share) * $1 }, 1e-4))
        #expect(found.checks[0].contains { $0.name == "completeness gap" && $0.value < 1e-4 })
    }

    // MARK: Other closed forms

    /// The gradient is 2 (x + noise), so the variance is four times that of the noise.
    @Test func theNoiseIsAsStrongAsItSays() throws {
        let range: Float = 8 - -3
        let found = try ask(try Self.quadratic(), "vargrad:samples=2000,sigma=0.1").values.elements
        for variance in found { #expect(abs(variance / (4 * 0.01 * range * range) - 1) < 0.15) }
        let mean = try ask(try Self.quadratic(), "smoothgrad:samples=2000,sigma=0.1")
        let errors = try #require(mean.companions["standard-error"]).elements
        for index in 0..<8 {
            #expect(abs(mean.values.elements[index] - 2 * Self.x[index]) < 5 * errors[index])
            #expect(abs(errors[index] / (2 * 0.1 * range / Float(2000).squareRoot()) - 1) < 0.15)
        }
    }

    /// `(x - x̄)(x + x̄)`; by three steps of the left rule `(x - x̄)(2 x̄ + 2/3 (x - x̄))`.
    @Test func pathsOfAQuadraticModelAreDifferencesOfSquares() throws {
        let exact = Self.x.map { $0 * $0 - 0.25 }
        for method in [
            "integrated-gradients:steps=1,rule=midpoint,baseline=0.5", "integrated-gradients:steps=1,baseline=0.5",
        ] {
            #expect(isNear(try ask(try Self.quadratic(), method).values.elements, exact))
        }
        #expect(
            isNear(
                try ask(try Self.quadratic(), "integrated-gradients:steps=3,rule=left,baseline=0.5").values.elements,
                Self.x.map { ($0 - 0.5) * (1 + 2 * ($0 - 0.5) / 3) }))
        let expected = try ask(try Self.quadratic(), "expected-gradients:samples=500,baseline=0.5")
        let errors = try #require(expected.companions["standard-error"]).elements
        for index in 0..<8 { #expect(abs(expected.values.elements[index] - exact[index]) <= 5 * errors[index] + 1e-5) }
    }

    /// `l(x) = Σ_ij ReLU((w * x)_ij)` is homogeneous, so its path integral from 0 is `x ⊙ ∂l/∂x`, with
    /// `∂l/∂x_ij = Σ_kl a_i-k,j-l w_kl` and a = 1 where the ReLU is open.
    @Test func aSumPoolNetworkHasTheGradientOfItsEdgeDetector() throws {
        let (size, kernel) = (5, [[Float(1), -2], [0.5, 1.5]])
        var generator = SeededGenerator(seed: 4)
        let pixels = (0..<size * size).map { _ in Float(generator.nextNormal()) }
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [.symbolic("n"), .fixed(1), .fixed(5), .fixed(5)])
        let weight = graph.addConstant(try Toys.floats(kernel.flatMap { $0 }, [1, 1, 2, 2]), name: "w")
        let map = graph.append("Conv", [x, weight], name: "map")[0]
        let open = graph.append("Relu", [map], name: "open")[0]
        let flat = graph.append("Flatten", [open], name: "flat")[0]
        let ones = graph.addConstant(try Toys.floats([Float](repeating: 1, count: 16), [16, 1]), name: "ones")
        let score = graph.append("MatMul", [flat, ones], name: "score")[0]
        graph.outputs = [Graph.Output(name: "score", value: score)]
        var gradient = [Float](repeating: 0, count: size * size)
        for i in 0..<size - 1 {
            for j in 0..<size - 1 {
                func each(_ body: (Int, Float) -> Void) {
                    for k in 0..<2 { for l in 0..<2 { body((i + k) * size + j + l, kernel[k][l]) } }
                }
                var sum: Float = 0
                each { sum += pixels[$0] * $1 }
                if sum > 0 { each { gradient[$0] += $1 } }
            }
        }
        let attributor = try Toys.attributor(graph)
        let found = try attributor.attribute(
            inputs: ["x": Toys.floats(pixels, [1, 1, 5, 5])], target: .classIndex(0),
            methods: ["gradient", "integrated-gradients", "integrated-gradients:rule=midpoint,steps=4"].map {
                try MethodSpecification(parsing: $0)
            })
        #expect(isNear(found[0].values.elements, gradient))
        for map in found.dropFirst() { #expect(isNear(map.values.elements, zip(pixels, gradient).map { $0 * $1 })) }
    }

    // MARK: Ending early

    /// A model for two rows at a time, and an interrupt after the first run.
    private func interrupted(_ graph: Graph, _ method: String) throws -> Attribution {
        let cancellation = RunCancellation()
        let settings = RunSettings(memory: 1, cancellation: cancellation) { _ in cancellation.cancel() }
        return try ask(graph, method, settings: settings)
    }

    @Test func whatWasSampledBeforeAnInterruptIsKept() throws {
        let found = try interrupted(try Self.quadratic(), "smoothgrad:samples=500")
        #expect(found.checks[0].contains { $0.name == "samples" && $0.value == 1 })
        #expect(found.notes.contains { $0.contains("of 500 runs: it was interrupted") })
        #expect(found.values.elements.allSatisfy { $0.isFinite })
        #expect(throws: Never.self) {
            try interrupted(try Self.linear(), "smoothgrad:of=integrated-gradients,samples=5")
        }
        #expect(throws: Never.self) { try interrupted(try Self.linear(), "blur-integrated-gradients:steps=5") }
    }

    /// A path that ends early stands for the whole of it.
    @Test func halfAPathIsScaledToTheWhole() throws {
        let expected = zip(Self.x, Self.weights).map { ($0 - 0.5) * $1 }
        for method in ["integrated-gradients:steps=64,baseline=0.5", "guided-integrated-gradients:baseline=0.5"] {
            let found = try interrupted(try Self.linear(), method)
            #expect(isNear(found.values.elements, expected))
            #expect(found.notes.contains { $0.contains("it was interrupted") })
        }
    }

    @Test func timeThatIsUpLeavesOneRun() throws {
        let found = try ask(
            try Self.quadratic(), "smoothgrad:samples=1000000", settings: RunSettings(time: .milliseconds(30)))
        #expect(found.notes.contains { $0.contains("the time was up") })
        #expect(found.values.elements.allSatisfy { $0.isFinite })
    }

    // MARK: What cannot be asked

    @Test(arguments: [
        "integrated-gradients:steps=0", "integrated-gradients:steps=-1", "integrated-gradients:steps=1e3",
        "integrated-gradients:steps=99999999999999999999", "integrated-gradients:rule=simpson",
        "integrated-gradients:baseline=nan", "integrated-gradients:baseline=inf", "integrated-gradients:baseline=grey",
        "integrated-gradients:baseline=0+", "integrated-gradients:baseline=blur:nan",
        "integrated-gradients:baseline=blur:-1",
        "integrated-gradients:baseline=noise:x", "integrated-gradients:baseline=missing.npy",
        "integrated-gradients:of=lrp",
        "guided-integrated-gradients:baseline=0+1", "guided-integrated-gradients:fraction=2",
        "guided-integrated-gradients:distance=nan", "blur-integrated-gradients:sigma=0",
        "blur-integrated-gradients:border=wrap", "smoothgrad:samples=0", "smoothgrad:sigma=-1", "smoothgrad:sigma=nan",
        "smoothgrad:seed=-1", "smoothgrad:noise=missing.npy", "smoothgrad:of=score", "smoothgrad:of=output",
        "smoothgrad:of=nothing", "smoothgrad:of=triplet-gradcam", "smoothgrad:steps=3",
        "smoothgrad:of=smoothgrad/smoothgrad/", "absolute:of=",
        "absolute:of=\([String](repeating: "absolute", count: 5000).joined(separator: "/"))",
        "ig-smoothgrad:of=gradient", "expected-gradients:samples=0", "augmented:with=nothing", "fusion:mode=min",
        "average-classes:top=0", "product:with.rule=3", "vargrad:of=integrated-gradients,of.steps=0",
    ])
    func unfitParametersAreOneSentence(_ method: String) throws {
        #expect(throws: ExplanationError.self) { try ask(try Toys.classifier(batch: nil), method) }
    }

    @Test func noiseOfAnotherShapeIsRefused() throws {
        let folder = try TemporaryFolder()
        for (name, shape) in [("a", [3, 2, 2]), ("b", [0, 2, 2, 2]), ("c", [3, 4, 2, 2, 2]), ("d", [])]
            as [(String, Shape)]
        {
            try Numpy.write(AnyTensor(zeros: .float32, shape: shape), path: folder.path("\(name).npy"))
            #expect(throws: (any Error).self, "\(shape)") {
                try ask(try Self.linear(), "smoothgrad:noise=\(folder.path("\(name).npy"))")
            }
        }
        // One row of noise for each of two samples, or for both.
        for shape: Shape in [[3, 2, 2, 2, 2], [3, 1, 2, 2, 2], [3, 2, 2, 2]] {
            try Numpy.write(AnyTensor(zeros: .float32, shape: shape), path: folder.path("good.npy"))
            let found = try ask(
                try Self.quadratic(), "smoothgrad:noise=\(folder.path("good.npy"))", at: Array(Toys.pixels[..<16]))
            #expect(isNear(found.values.elements, Toys.pixels[..<16].map { 2 * $0 }))
        }
    }

    /// Numbers that are not finite, and inputs without any spread, end in a result or a sentence.
    @Test func oddInputsDoNotCrash() throws {
        for value: Float in [0, .nan, .infinity, .greatestFiniteMagnitude, -.infinity] {
            let input = [Float](repeating: value, count: 8)
            for method in [
                "integrated-gradients:steps=auto", "smoothgrad:samples=2", "vargrad:samples=2",
                "guided-integrated-gradients:steps=3", "blur-integrated-gradients:steps=2",
                "expected-gradients:samples=2",
                "integrated-gradients:steps=2,baseline=mean+noise+blur", "augmented:of=gradient,with=scales",
            ] {
                let found = try ask(try Self.quadratic(), method, at: input)
                #expect(found.values.elements.count == 8)
                #expect(found.checks[0].allSatisfy { $0.value.isFinite })
            }
        }
    }
}
