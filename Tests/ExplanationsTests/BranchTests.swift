import Explanations
import Graphs
import Runtime
import Tensors
import Testing

/// Two pictures of different sizes, each with a branch of its own: `logits = Σ mean(relu(before)) + 2 Σ mean(relu(after))`.
@Suite struct BranchTests {
    private static let beforeShape: Shape = [1, 1, 4, 4]
    private static let afterShape: Shape = [1, 1, 2, 6]

    private static func attributor() throws -> Attributor {
        var graph = Graph()
        let kernel = graph.addConstant(try Toys.floats([1], [1, 1, 1, 1]))
        func branch(_ name: String, _ shape: Shape) -> ValueID {
            let x = graph.addInput(name, type: .float32, dimensions: shape.dimensions.map { Graph.Dimension.fixed($0) })
            let map = graph.append("Relu", [graph.append("Conv", [x, kernel])[0]], name: "\(name).map")[0]
            return graph.append("Flatten", [graph.append("GlobalAveragePool", [map])[0]])[0]
        }
        let before = branch("before", beforeShape)
        let after = branch("after", afterShape)
        let two = graph.addConstant(try Toys.floats([2], [1, 1]))
        let sum = graph.append("Add", [before, graph.append("Mul", [after, two])[0]], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: sum)]
        return try Toys.attributor(graph)
    }

    private static let pixels: (before: [Float], after: [Float]) = (
        (0..<16).map { Float($0) - 4 }, (0..<12).map { Float($0 % 5) - 1 }
    )

    private static func inputs() throws -> [String: AnyTensor] {
        [
            "before": try Toys.floats(pixels.before, beforeShape),
            "after": try Toys.floats(pixels.after, afterShape),
        ]
    }

    private func gradcam(layer: String?, wrt: String?) throws -> Attribution {
        try Self.attributor().attribute(
            inputs: Self.inputs(), target: .classIndex(0), methods: [MethodSpecification("gradcam")], layer: layer,
            wrt: wrt)[0]
    }

    @Test func theAutomaticLayerLiesInTheBranchOfTheExplainedInput() throws {
        // Grad-CAM of a mean is the map divided by its cells, times what follows.
        let before = try gradcam(layer: nil, wrt: "before")
        #expect(before.layer?.layer.tensorName == "before.map")
        #expect(before.values.elements == Self.pixels.before.map { max($0, 0) / 16 })
        let after = try gradcam(layer: nil, wrt: "after")
        #expect(after.layer?.layer.tensorName == "after.map")
        #expect(after.values.shape == [1, 2, 6])
        for (found, pixel) in zip(after.values.elements, Self.pixels.after) {
            #expect(abs(found - max(pixel, 0) / 6) < 1e-6)
        }
        // Its cells lie over its own picture.
        #expect(after.layer?.layer.layout?.placement.columns == MapPlacement.Axis(centre: 0.5, stride: 1))
    }

    @Test func aLayerOfAnotherBranchIsRefusedInWords() throws {
        let attributor = try Self.attributor()
        let graph = try attributor.specialisedGraph(for: Self.inputs().mapValues(\.shape))
        let name = try graph.layer(named: "after.map").name
        for method in ["gradcam", "activation", "ablationcam", "guided-gradcam"] {
            #expect(throws: ExplanationError.unreachedLayer(layer: name, input: "before", inputs: ["after"])) {
                try attributor.attribute(
                    inputs: Self.inputs(), target: .classIndex(0), methods: [MethodSpecification(method)],
                    layer: "after.map", wrt: "before")
            }
        }
        let sentence = ExplanationError.unreachedLayer(layer: "after.map", input: "before", inputs: ["after"])
            .description
        #expect(sentence.contains("'after.map'") && sentence.contains("'before'") && sentence.contains("--wrt after"))
    }

    @Test func aNamedLayerChoosesItsInputWhereNoneIsNamed() throws {
        let found = try gradcam(layer: "after.map", wrt: nil)
        #expect(found.values.shape == [1, 2, 6])
        #expect(found.layer?.layer.layout?.width == 6)
        // What both inputs reach is explained for the first.
        #expect(throws: ExplanationError.self) { try gradcam(layer: "logits", wrt: nil) }
    }

    @Test func everyBranchIsListedWithTheInputsThatReachIt() throws {
        let inspection = ModelInspection(try Self.attributor().model)
        let listed = Dictionary(uniqueKeysWithValues: inspection.layers.map { ($0.tensor, $0) })
        #expect(listed["before.map"]?.inputs == ["before"] && listed["after.map"]?.inputs == ["after"])
        #expect(listed["before.map"]?.map == [1, 4, 4] && listed["after.map"]?.map == [1, 2, 6])
        #expect(inspection.automaticLayers.map(\.input) == ["before", "after"])
        #expect(inspection.automaticLayers.map(\.tensor) == ["before.map", "after.map"])
        #expect(inspection.problems.isEmpty)
    }
}
