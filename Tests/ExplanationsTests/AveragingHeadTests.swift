import Explanations
import Graphs
import Tensors
import Testing

/// Every spelling of average pooling and a linear classifier: CAM is `Σ_k w_k relu(x)_k`, whatever nodes spell it.
@Suite struct AveragingHeadTests {
    enum Spelling: String, CaseIterable {
        case globalAveragePool, reduceMean, reduceMeanKept, averagePool, dropout, matMul, scaledGemm, squeeze, reshape
        case convolutionBefore, convolutionBehind, batchNormalisation
    }

    private func graph(_ spelling: Spelling) throws -> Graph {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [1, 2, 2, 2])
        let map = graph.append("Relu", [x], name: "map")[0]
        let weight = try Toys.floats(Toys.weights, [3, 2])
        func constant(_ graph: inout Graph, _ tensor: AnyTensor) -> ValueID { graph.addConstant(tensor) }
        func integers(_ values: [Int64]) -> AnyTensor { AnyTensor(Tensor(vector: values)) }
        let bias = graph.addConstant(try Toys.floats(Toys.biases))
        func gemm(_ value: ValueID) throws -> ValueID {
            graph.append(
                "Gemm", [value, graph.addConstant(weight), bias], attributes: ["transB": .integer(1)], name: "logits")[
                    0]
        }
        func pooled(_ operand: ValueID) -> ValueID { graph.append("GlobalAveragePool", [operand], name: "pooled")[0] }
        let result: ValueID
        switch spelling {
        case .globalAveragePool: result = try gemm(graph.append("Flatten", [pooled(map)])[0])
        case .reduceMean:
            let axes = constant(&graph, integers([2, 3]))
            result = try gemm(graph.append("ReduceMean", [map, axes], attributes: ["keepdims": .integer(0)])[0])
        case .reduceMeanKept:
            let axes = constant(&graph, integers([-1, -2]))
            result = try gemm(graph.append("Flatten", [graph.append("ReduceMean", [map, axes])[0]])[0])
        case .averagePool:
            let mean = graph.append("AveragePool", [map], attributes: ["kernel_shape": .integers([2, 2])])[0]
            result = try gemm(graph.append("Flatten", [mean])[0])
        case .dropout:
            let dropped = graph.append("Dropout", [graph.append("Identity", [pooled(map)])[0]])[0]
            result = try gemm(graph.append("Flatten", [dropped])[0])
        case .matMul:
            let transposed = try Toys.floats([1, 0.5, -1, -2, 4, 3], [2, 3])
            let flat = graph.append("Flatten", [pooled(map)])[0]
            result = graph.append("Add", [bias, graph.append("MatMul", [flat, graph.addConstant(transposed)])[0]])[0]
        case .scaledGemm:
            let halved = graph.addConstant(try Toys.floats([0.5, 0.25, -0.5, -1, 2, 1.5], [2, 3]))
            let flat = graph.append("Flatten", [pooled(map)])[0]
            result = graph.append("Gemm", [flat, halved, bias], attributes: ["alpha": .float(2)])[0]
        case .squeeze:
            result = try gemm(graph.append("Squeeze", [pooled(map), constant(&graph, integers([2, 3]))])[0])
        case .reshape:
            result = try gemm(graph.append("Reshape", [pooled(map), constant(&graph, integers([1, -1]))])[0])
        case .convolutionBefore, .convolutionBehind:
            let kernel = graph.addConstant(try weight.reshaped([3, 2, 1, 1]))
            let isBefore = spelling == .convolutionBefore
            let first = isBefore ? graph.append("Conv", [map, kernel, bias], name: "classes")[0] : pooled(map)
            let second = isBefore ? pooled(first) : graph.append("Conv", [first, kernel, bias])[0]
            result = graph.append("Flatten", [second])[0]
        case .batchNormalisation:
            let flat = graph.append("Flatten", [pooled(map)])[0]
            let two = try [[2, 2], [1, 1], [0, 0], [4, 4]].map { graph.addConstant(try Toys.floats($0)) }
            // 2 p / √4 + 1 = p + 1; the next node takes the 1 away.
            let normal = graph.append("BatchNormalization", [flat] + two, attributes: ["epsilon": .float(0)])[0]
            result = try gemm(graph.append("Sub", [normal, graph.addConstant(AnyTensor(Tensor(Float(1))))])[0])
        }
        graph.outputs = [Graph.Output(name: "y", value: result)]
        return graph
    }

    @Test(arguments: Spelling.allCases)
    func classActivationMapsDecomposeTheLogit(_ spelling: Spelling) throws {
        let attributor = try Toys.attributor(try graph(spelling))
        for target in 0..<3 {
            let found = try attributor.attribute(
                inputs: ["x": Toys.floats(Array(Toys.pixels[..<8]), [1, 2, 2, 2])], target: .classIndex(target),
                methods: [MethodSpecification("cam"), MethodSpecification("gradcam"), MethodSpecification("score")])
            // Class maps of a convolution hold its bias in every cell.
            let bias = spelling == .convolutionBefore ? Toys.biases[target] : 0
            let expected = Toys.map(0, target).map { $0 + bias }
            let cam = found[0].values
            #expect(cam.shape == [1, 2, 2])
            #expect(zip(cam.elements, expected).allSatisfy { abs($0 - $1) < 1e-4 })
            #expect(zip(cam.elements, found[1].values.elements).allSatisfy { abs($0 - 4 * $1) < 1e-4 })
            let rest = spelling == .convolutionBefore ? 0 : Toys.biases[target]
            #expect(abs(cam.elements.reduce(0, +) / 4 + rest - found[2].values.elements[0]) < 1e-4)
            #expect(abs(found[2].values.elements[0] - Toys.logit(0, target)) < 1e-4)
            #expect(found[0].layer?.layer.tensorName == (spelling == .convolutionBefore ? "classes" : "map"))
        }
    }

    @Test(arguments: [
        ("Softmax", "logit("), ("GlobalMaxPool", "maximum"), ("Relu", "not linear"), ("none", "no global average"),
    ])
    func othersAreRefusedInWords(_ obstacle: String, _ word: String) throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [1, 2, 2, 2])
        let map = graph.append("Relu", [x], name: "map")[0]
        let pooling = obstacle == "GlobalMaxPool" ? obstacle : "GlobalAveragePool"
        let pooled = obstacle == "none" ? x : graph.append(pooling, [map])[0]
        var result = graph.append("Flatten", [pooled])[0]
        if ["Softmax", "Relu"].contains(obstacle) { result = graph.append(obstacle, [result])[0] }
        graph.outputs = [Graph.Output(name: "y", value: result)]
        let error = #expect(throws: GraphError.self) {
            try Toys.attributor(graph).attribute(
                inputs: ["x": AnyTensor(zeros: .float32, shape: [1, 2, 2, 2])], target: .classIndex(0),
                methods: [MethodSpecification("cam")])
        }
        #expect(error?.description.contains(word) == true)
        #expect(error?.description.contains("gradcam") == true)
    }
}
