import Explanations
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// A token network without position embeddings commutes with moving the picture around by whole patches: so must its maps.
@Suite struct PatchShiftTests {
    private static let (height, width, patch, channels) = (24, 32, 8, 6)

    private static func random(_ shape: Shape, _ generator: inout SeededGenerator) -> AnyTensor {
        var tensor = Tensor<Float>(repeating: 0, shape: shape)
        tensor.mutateElements { for index in $0.indices { $0[index] = Float(generator.nextNormal()) / 3 } }
        return AnyTensor(tensor)
    }

    /// Patches, one attention with a residual, normalised tokens, their mean, three logits; a class token in front where asked.
    private static func network(classToken: Bool, _ generator: inout SeededGenerator) -> Graph {
        var graph = Graph()
        let count = (height / patch) * (width / patch)
        let size: [Graph.Dimension] = [1, 3, height, width].map { .fixed($0) }
        let x = graph.addInput("x", type: .float32, dimensions: size)
        func constant(_ shape: Shape) -> ValueID { graph.addConstant(random(shape, &generator)) }
        func integers(_ values: [Int64]) -> ValueID { graph.addConstant(AnyTensor(Tensor(vector: values))) }
        let stride: [String: Attribute] = [
            "strides": .integers([patch, patch]), "kernel_shape": .integers([patch, patch]),
        ]
        let embedded = graph.append("Conv", [x, constant([channels, 3, patch, patch])], attributes: stride)[0]
        let rows = graph.append("Reshape", [embedded, integers([1, Int64(channels), Int64(count)])])[0]
        var tokens = graph.append("Transpose", [rows], attributes: ["perm": .integers([0, 2, 1])])[0]
        if classToken {
            tokens =
                graph.append("Concat", [constant([1, 1, channels]), tokens], attributes: ["axis": .integer(1)])[0]
        }
        let query = graph.append("MatMul", [tokens, constant([channels, channels])])[0]
        let key = graph.append("MatMul", [tokens, constant([channels, channels])])[0]
        let value = graph.append("MatMul", [tokens, constant([channels, channels])])[0]
        let turned = graph.append("Transpose", [key], attributes: ["perm": .integers([0, 2, 1])])[0]
        let scores = graph.append("MatMul", [query, turned])[0]
        let weights = graph.append("Softmax", [scores], attributes: ["axis": .integer(-1)])[0]
        let mixed = graph.append("MatMul", [weights, value])[0]
        let residual = graph.append("Add", [tokens, mixed])[0]
        let norm = graph.append("LayerNormalization", [residual, constant([channels])], name: "norm")[0]
        let activated = graph.append("Gelu", [norm])[0]
        let mean = graph.append("ReduceMean", [activated, integers([1])], attributes: ["keepdims": .integer(0)])[0]
        let logits = graph.append("MatMul", [mean, constant([channels, 3])], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        return graph
    }

    /// The last two axes moved around by so many elements.
    private static func rolled(_ tensor: Tensor<Float>, down: Int, along: Int) -> Tensor<Float> {
        let rank = tensor.shape.rank
        let (height, width) = (tensor.shape[rank - 2], tensor.shape[rank - 1])
        var result = tensor
        result.mutateElements { elements in
            for plane in 0..<tensor.shape.count / (height * width) {
                for row in 0..<height {
                    for column in 0..<width {
                        let target = ((row + down) % height) * width + (column + along) % width
                        elements[plane * height * width + target] =
                            tensor.elements[(plane * height + row) * width + column]
                    }
                }
            }
        }
        return result
    }

    @Test(arguments: [false, true], [(1, 0), (0, 1), (2, 3)])
    func mapsMoveWithThePicture(classToken: Bool, patches: (down: Int, along: Int)) throws {
        var generator = SeededGenerator(seed: 7)
        let attributor = try Toys.attributor(Self.network(classToken: classToken, &generator))
        let picture = Self.random([1, 3, Self.height, Self.width], &generator).floatTensor
        func map(_ picture: Tensor<Float>) throws -> Tensor<Float> {
            try attributor.attribute(
                inputs: ["x": AnyTensor(picture)], target: .classIndex(1), methods: [MethodSpecification("gradcam")],
                layer: "norm")[0].values
        }
        let moved = Self.rolled(picture, down: patches.down * Self.patch, along: patches.along * Self.patch)
        let (still, shifted) = (try map(picture), try map(moved))
        #expect(still.shape == [1, 3, 4])
        #expect(Set(still.elements).count > 4)
        let expected = Self.rolled(still, down: patches.down, along: patches.along)
        let largest = expected.elements.map(abs).max() ?? 0
        for (found, wanted) in zip(shifted.elements, expected.elements) {
            #expect(abs(found - wanted) <= 1e-5 * largest)
        }
    }
}
