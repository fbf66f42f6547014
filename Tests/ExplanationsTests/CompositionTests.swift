import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import Testing

/// Methods that wrap methods, on models whose maps can be written down.
@Suite struct CompositionTests {
    private func ask(_ methods: [String], target: String = "1", graph: Graph? = nil) throws -> [Attribution] {
        try Toys.attributor(try graph ?? Toys.classifier(batch: nil)).attribute(
            inputs: ["x": Toys.floats(Toys.pixels, [3, 2, 2, 2])], target: Target(parsing: target),
            methods: methods.map { try MethodSpecification(parsing: $0) })
    }

    private func gradCAM(_ target: Int) -> [Float] { (0..<3).flatMap { Toys.map($0, target).map { $0 / 4 } } }

    private func isNear(_ found: [Float], _ expected: [Float]) -> Bool {
        found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }
    }

    @Test func partsOfAMapAreThoseOfItsNumbers() throws {
        let map = gradCAM(2)
        #expect(map.contains { $0 < 0 } && map.contains { $0 > 0 })
        let found = try ask(
            ["absolute:of=gradcam", "positive", "negative", "absolute:of=negative/gradcam"], target: "2")
        #expect(isNear(found[0].values.elements, map.map(abs)))
        #expect(isNear(found[1].values.elements, map.map { max($0, 0) }))
        #expect(isNear(found[2].values.elements, map.map { -$0 }))
        #expect(isNear(found[3].values.elements, map.map(abs)))
        for one in found {
            #expect(one.layer?.layer.tensorName == "map")
            #expect(one.values.shape == [3, 2, 2])
            #expect(one.scores == found[0].scores)
        }
    }

    @Test func theNegativeOfADifferenceIsTheOtherDifference() throws {
        let found = try ask(["negative:of=gradcam"], target: "2 - 0.5 * 1")[0].values.elements
        #expect(isNear(found, zip(gradCAM(2), gradCAM(1)).map { 0.5 * $1 - $0 }))
    }

    @Test func productsHaveTheFinerMapsShape() throws {
        let found = try ask([
            "gradient", "product", "product:of=gradcam,with=gradient", "product:of=gradcam", "gradient-x-input",
            "product:of=gradient,with=integrated-gradients,with.steps=1,with.rule=left",
        ])
        let map = gradCAM(1)
        let expected = (0..<24).map { found[0].values.elements[$0] * map[$0 / 8 * 4 + $0 % 4] }
        #expect(isNear(found[1].values.elements, expected))
        #expect(isNear(found[2].values.elements, expected))
        #expect(found[2].values.shape == [3, 2, 2, 2])
        #expect(isNear(found[3].values.elements, map.map { $0 * $0 }))
        #expect(found[3].layer?.layer.tensorName == "map")
        // One step at its left end is the gradient at 0, where every ReLU is shut.
        #expect(found[5].values.elements.allSatisfy { $0 == 0 })
    }

    /// A map that is coarser by two is enlarged bilinearly.
    @Test func coarserMapsAreEnlarged() throws {
        let found = try ask4(["gradcam", "gradient", "product:with=gradcam"], layer: "coarse")
        let coarse = try found[0].values.slice(0).resampled(height: 4, width: 4)
        #expect(found[0].values.shape == [1, 2, 2])
        #expect(isNear(found[2].values.elements, zip(found[1].values.elements, coarse.elements).map { $0 * $1 }))
    }

    @Test func classesCountByTheirProbability() throws {
        let found = try ask([
            "average-classes:top=3", "average-classes:top=2,weights=equal", "average-classes:top=1,of=gradient",
            "gradient",
        ])
        for sample in 0..<3 {
            let logits = (0..<3).map { Double(Toys.logit(sample, $0)) }
            let exponents = logits.map { exp($0) }
            let order = logits.indices.sorted { logits[$0] > logits[$1] }
            for cell in 0..<4 {
                let maps = (0..<3).map { Double(Toys.map(sample, $0)[cell]) / 4 }
                let weighted = zip(exponents, maps).reduce(0) { $0 + $1.0 * $1.1 } / exponents.reduce(0, +)
                #expect(abs(Double(found[0].values.elements[sample * 4 + cell]) - weighted) < 1e-4)
                let mean = (maps[order[0]] + maps[order[1]]) / 2
                #expect(abs(Double(found[1].values.elements[sample * 4 + cell]) - mean) < 1e-4)
            }
            if order[0] == 1 { #expect(found[2].values.slice(sample) == found[3].values.slice(sample)) }
        }
        #expect(throws: ExplanationError.self) { try ask(["average-classes"], target: "1 - 2") }
    }

    // MARK: Views and layers

    /// `S = mean(mean-pooled relu(x))`, with a fine and a coarse map.
    private func ask4(_ methods: [String], layer: String? = nil, pixels: [Float]? = nil) throws -> [Attribution] {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [.symbolic("n"), .fixed(1), .fixed(4), .fixed(4)])
        let fine = graph.append("Relu", [x], name: "fine")[0]
        let pooled = graph.append(
            "MaxPool", [fine], attributes: ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])],
            name: "coarse")[0]
        let mean = graph.append("GlobalAveragePool", [pooled], name: "mean")[0]
        let score = graph.append("Flatten", [mean], name: "score")[0]
        graph.outputs = [Graph.Output(name: "score", value: score)]
        return try Toys.attributor(graph).attribute(
            inputs: ["x": Toys.floats(pixels ?? Self.sixteen, [1, 1, 4, 4])], target: .classIndex(0),
            methods: methods.map { try MethodSpecification(parsing: $0) }, layer: layer)
    }

    private static let sixteen: [Float] = [1, 5, 2, 0.5, 3, -2, 4, 8, 0.25, 1, 6, 2, -1, 3, 2, 1]

    @Test func layersAreScaledAndJoined() throws {
        let fine = Self.sixteen.map { max($0, 0) / 8 }.map { tanh(2 * $0) }
        let coarse = try Tensor<Float>(shape: [2, 2], elements: [5, 8, 3, 6]).resampled(height: 4, width: 4)
            .elements.map { $0 / 8 }
        let found = try ask4([
            "fusion:of=gradcam,layers=fine|coarse", "fusion:of=gradcam,layers=coarse|fine,mode=mean",
            "fusion:of=gradcam",
        ])
        #expect(isNear(found[0].values.elements, zip(fine, coarse).map { max($0, $1) }))
        #expect(isNear(found[1].values.elements, zip(fine, coarse).map { ($0 + $1) / 2 }))
        #expect(found[0].layer?.layer.tensorName == "fine")
        #expect(found[2].values.elements.allSatisfy { (0...1).contains($0) })
        #expect(throws: (any Error).self) { try ask4(["fusion:of=gradcam,layers=fine|none"]) }
        let joined = try ask4([
            "fusion:of=gradcam,layers=fine+coarse", "refinecam:of=gradcam,layers=fine|coarse",
            "refinecam:of=gradcam,layers=fine+coarse",
        ])
        #expect(joined[0].values == found[0].values)
        #expect(joined[1].values == joined[2].values && joined[1].values.elements.contains { $0 > 0 })
        for empty in ["+", "|", "fine|", "+coarse", "fine++coarse"] {
            for method in ["fusion", "refinecam"] {
                #expect(throws: ExplanationError.self) { try ask4(["\(method):layers=\(empty)"]) }
            }
        }
        #expect(throws: ExplanationError.self) { try ask4(["fusion:of=gradient"]) }
    }

    @Test func aMapThatMirrorsWithThePictureStaysWhatItIs() throws {
        for method in ["gradient-x-input", "gradcam"] {
            let found = try ask4([method, "augmented:of=\(method)"], layer: "fine")
            #expect(isNear(found[0].values.elements, found[1].values.elements))
        }
    }

    /// A ramp stays a ramp under bilinear enlargement, so maps of all crops agree where they overlap.
    @Test func viewsAreLaidBackWhereTheyWere() throws {
        let size = 16
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [.symbolic("n"), .fixed(1), .fixed(16), .fixed(16)])
        let map = graph.append("Relu", [x], name: "map")[0]
        let mean = graph.append("GlobalAveragePool", [map], name: "mean")[0]
        let score = graph.append("Flatten", [mean], name: "score")[0]
        graph.outputs = [Graph.Output(name: "score", value: score)]
        let pixels = (0..<size * size).map { Float($0 / size) + 0.25 * Float($0 % size) + 1 }
        let found = try Toys.attributor(graph).attribute(
            inputs: ["x": Toys.floats(pixels, [1, 1, size, size])], target: .classIndex(0),
            methods: ["augmented:with=ten-crop", "augmented:with=scales", "augmented:with=flips"].map {
                try MethodSpecification(parsing: $0)
            }, layer: "map")
        for (result, factor) in zip(found, [Float(10), 1, 1]) {
            #expect(result.values.shape == [1, size, size])
            for row in 4..<12 {
                for column in 4..<12 {
                    let value = result.values.elements[row * size + column] / factor
                    #expect(abs(value * Float(size * size) - pixels[row * size + column]) < 1e-3)
                }
            }
        }
        // A corner is seen by its own crop and the mirror image of that alone.
        let corner = found[0].values.elements[0] * Float(size * size)
        #expect(abs(corner - 2 * pixels[0]) < 0.5)
    }
}
