import Explanations
import Graphs
import Runtime
import Tensors
import Testing

/// Which axis holds the channels decides what is hidden and where maps lie.
@Suite struct PictureLayoutTests {
    private static let weights: [Float] = [1, -2, 0.5, 3, -1]

    /// `logit = mean over the rows of Σ_c w_c x[c, row, 0]` for pictures `[1, 5, 6, 1]`, one column wide.
    private static func strip() throws -> Attributor {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, 5, 6, 1].map { Graph.Dimension.fixed($0) })
        let kernel = graph.addConstant(try Toys.floats(weights, [1, 5, 1, 1]))
        let map = graph.append("Conv", [x, kernel], name: "map")[0]
        let pooled = graph.append("GlobalAveragePool", [map])[0]
        graph.outputs = [Graph.Output(name: "logit", value: graph.append("Flatten", [pooled], name: "logit")[0])]
        return try Toys.attributor(graph)
    }

    private static let pixels = (0..<30).map { Float(($0 * 7) % 11) / 4 - 1 }

    /// What a row gives the logit.
    private static func share(_ row: Int) -> Float {
        weights.indices.reduce(0) { $0 + weights[$1] * pixels[6 * $1 + row] } / 6
    }

    @Test func rowsOfAStripAreHiddenWithAllTheirChannels() throws {
        let found = try Self.strip().attribute(
            inputs: ["x": Toys.floats(Self.pixels, [1, 5, 6, 1])], target: .classIndex(0),
            methods: [MethodSpecification(parsing: "occlusion:window=2x1,stride=2x1"), MethodSpecification("gradcam")])
        #expect(found[0].values.shape == [1, 1, 6, 1])
        for row in 0..<6 {
            let first = row / 2 * 2
            #expect(abs(found[0].values.elements[row] - Self.share(first) - Self.share(first + 1)) < 1e-5)
        }
        #expect(found[0].notes.isEmpty)
        #expect(found[1].values.shape == [1, 6, 1])
        #expect(found[1].layer?.layer.layout?.placement.rows == MapPlacement.Axis(centre: 0.5, stride: 1))
    }

    @Test func aLayoutThatNothingTellsIsSaidToBeAGuess() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, 3, 4, 4].map { Graph.Dimension.fixed($0) })
        let flat = graph.append("Flatten", [x])[0]
        let weight = graph.addConstant(AnyTensor(Tensor<Float>(repeating: 0.5, shape: [48, 2])))
        let logits = graph.append("MatMul", [flat, weight], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        let attributor = try Toys.attributor(graph)
        let found = try attributor.attribute(
            inputs: ["x": AnyTensor(Tensor<Float>(repeating: 1, shape: [1, 3, 4, 4]))], target: .classIndex(0),
            methods: [MethodSpecification(parsing: "occlusion:window=2x2,stride=2x2")])[0]
        #expect(found.values.shape == [1, 1, 4, 4])
        // Twelve pixels of 0.5 each: three channels of a window.
        #expect(found.values.elements.allSatisfy { abs($0 - 6) < 1e-5 })
        #expect(found.notes.contains { $0.contains("channels first, NCHW") && $0.contains("guess") })
        #expect(ModelInspection(attributor.model).notes.contains { $0.contains("which is a guess") })
    }
}
