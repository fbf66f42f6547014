import Explanations
import Foundation
import Graphs
import Tensors
import Testing

/// Explanations whose closed forms are known (`Toys`), through every way of batching.
@Suite struct AttributorTests {
    private func ask(
        _ graph: Graph, _ methods: [String], target: String = "1", samples: Range<Int> = 0..<3, layer: String? = nil,
        mask: Tensor<Float>? = nil
    ) throws -> [Attribution] {
        let values = Array(Toys.pixels[samples.lowerBound * 8..<samples.upperBound * 8])
        return try Toys.attributor(graph).attribute(
            inputs: ["x": Toys.floats(values, [samples.count, 2, 2, 2])], target: Target(parsing: target),
            targetText: target, methods: methods.map { try MethodSpecification(parsing: $0) }, layer: layer,
            readMask: { _ in mask ?? Tensor(0) })
    }

    /// A model for one sample, for two (the last portion is filled up), for three, and for any number.
    @Test(arguments: [1, 2, 3, nil])
    func everySampleGetsItsOwnMap(_ batch: Int?) throws {
        let found = try ask(
            try Toys.classifier(batch: batch), ["score", "cam", "gradcam", "gradcam-weights", "gradient"])
        #expect(found.map(\.values.shape) == [[3], [3, 2, 2], [3, 2, 2], [3, 2], [3, 2, 2, 2]])
        for sample in 0..<3 {
            #expect(abs(found[0].values.elements[sample] - Toys.logit(sample, 1)) < 1e-5)
            #expect(abs(found[1].scores[sample] - Toys.logit(sample, 1)) < 1e-5)
            for (cell, value) in Toys.map(sample, 1).enumerated() {
                #expect(abs(found[1].values.elements[4 * sample + cell] - value) < 1e-5)
                #expect(abs(found[2].values.elements[4 * sample + cell] - value / 4) < 1e-5)
            }
        }
        #expect(found[3].values.elements == [0.125, 1, 0.125, 1, 0.125, 1])
        let gradient = (0..<24).map { index -> Float in
            Toys.pixels[index] > 0 ? Toys.weights[2 + (index / 4) % 2] / 4 : 0
        }
        #expect(found[4].values.elements == gradient)
    }

    @Test(arguments: [1, 2, nil])
    func targetsAndMasksPerSampleFollowTheirSamples(_ batch: Int?) throws {
        let scores = try ask(try Toys.classifier(batch: batch), ["score"], target: "[2,0,1]")[0].values.elements
        for (sample, target) in [2, 0, 1].enumerated() {
            #expect(abs(scores[sample] - Toys.logit(sample, target)) < 1e-5)
        }
        var graph = try Toys.classifier(batch: batch)
        graph.outputs.append(Graph.Output(name: "map", value: try #require(graph.value(named: "map"))))
        let mask = try Tensor<Float>(shape: [3, 2, 2], elements: [1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1])
        let means = try ask(graph, ["score"], target: "mean(map[0], m.npy)", mask: mask)[0].values.elements
        #expect(means == [1.5, 0.25, 1])
    }

    @Test func layersAreNamedOrChosen() throws {
        let graph = try Toys.classifier(batch: nil)
        let found = try ask(graph, ["activation", "layer-gradient"], layer: "map")
        #expect(found[0].layer?.reason == "named by the user")
        #expect(found[0].values.elements == Toys.pixels.map { max($0, 0) })
        let slopes = Toys.weights[2..<4].flatMap { [Float](repeating: $0 / 4, count: 4) }
        #expect(found[1].values.elements == slopes + slopes + slopes)
        #expect(try ask(graph, ["gradcam"])[0].layer?.layer.tensorName == "map")
        #expect(throws: ExplanationError.self) { try ask(graph, ["gradcam"], layer: "flat") }
        #expect(throws: GraphError.self) { try ask(graph, ["gradcam"], layer: "mapp") }
    }

    @Test func probabilitiesHaveTheSoftmaxGradient() throws {
        for softmax in [false, true] {
            let found = try ask(
                try Toys.classifier(batch: nil, softmax: softmax), ["score", "gradcam-weights"], target: "prob(1)",
                samples: 2..<3)
            let logits = (0..<3).map { Toys.logit(2, $0) }
            let exponents = logits.map { Double($0 - logits[1]) }.map { exp($0) }
            let probabilities = exponents.map { $0 / exponents.reduce(0, +) }
            #expect(abs(Double(found[0].values.elements[0]) - probabilities[1]) < 1e-5)
            for channel in 0..<2 {
                let slopes = (0..<3).map { Double(Toys.weights[2 * $0 + channel]) / 4 }
                let mean: Double = zip(probabilities, slopes).map(*).reduce(0, +)
                let expected: Double = probabilities[1] * (slopes[1] - mean)
                #expect(abs(Double(found[1].values.elements[channel]) - expected) < 1e-5)
            }
        }
    }

    @Test func probabilitiesOfDifferentOutputsAreNotMixedUp() throws {
        var graph = try Toys.classifier(batch: nil)
        let logits = try #require(graph.value(named: "logits"))
        let negative = graph.append("Neg", [logits], name: "negative")[0]
        graph.outputs.append(Graph.Output(name: "negative", value: negative))
        let attributor = try Toys.attributor(graph)
        let inputs = try ["x": Toys.floats(Array(Toys.pixels[..<8]), [1, 2, 2, 2])]
        let scores = try ["prob(1)", "prob(#1[1])"].map { text in
            try attributor.attribute(
                inputs: inputs, target: Target(parsing: text), methods: [MethodSpecification("score")])[0].scores[0]
        }
        #expect(abs(scores[0] - scores[1]) > 0.1)
    }

    @Test func wrongInputsAreErrors() throws {
        let attributor = try Toys.attributor(try Toys.classifier(batch: 1))
        let target = Target.classIndex(0)
        let score = [MethodSpecification("score")]
        let good = try Toys.floats(Toys.pixels, [3, 2, 2, 2])
        #expect(throws: GraphError.self) { try attributor.attribute(inputs: [:], target: target, methods: score) }
        #expect(throws: GraphError.self) {
            try attributor.attribute(inputs: ["x": good, "z": good], target: target, methods: score)
        }
        for shape: Shape in [[0, 2, 2, 2], [3, 2, 2], [], [1, 3, 2, 2]] {
            #expect(throws: (any Error).self, "\(shape)") {
                try attributor.attribute(
                    inputs: ["x": AnyTensor(zeros: .float32, shape: shape)], target: target, methods: score)
            }
        }
    }

    @Test func otherInputsMustHaveAsManySamples() throws {
        var graph = Graph()
        let fixed: [Graph.Dimension] = [.fixed(1), .fixed(2)]
        let a = graph.addInput("a", type: .float32, dimensions: fixed)
        let b = graph.addInput("b", type: .float32, dimensions: fixed)
        let y = graph.append("Mul", [a, b], name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: y)]
        let attributor = try Toys.attributor(graph)
        let three = try Toys.floats([1, 2, 3, 4, 5, 6], [3, 2])
        let found = try attributor.attribute(
            inputs: ["a": three, "b": three], target: .classIndex(1), methods: [MethodSpecification("gradient")],
            wrt: "b")
        #expect(found[0].values.elements == [0, 2, 0, 4, 0, 6])
        // One row is shared by all samples.
        let shared = try attributor.attribute(
            inputs: ["a": three, "b": try Toys.floats([10, 20], [1, 2])], target: .classIndex(1),
            methods: [MethodSpecification("score")], wrt: "a")
        #expect(shared[0].values.elements == [40, 80, 120])
        for shape: Shape in [[2, 2], [2], []] {
            #expect(throws: (any Error).self) {
                try attributor.attribute(
                    inputs: ["a": three, "b": AnyTensor(zeros: .float32, shape: shape)], target: .classIndex(1),
                    methods: [MethodSpecification("score")])
            }
        }
    }
}
