import Graphs
import ONNXFormat
import ONNXMessages
import Runtime
import Tensors
import Testing

/// Quantisers as arithmetic against the engine's kernels, and zeros around poolings in an engine with its own options.
@Suite struct QuantisationArithmeticTests {
    @Test func importedFilesComputeTheSame() throws {
        for golden in try ImportGolden.cases("quantised") {
            let graph = try golden.specialised().computingQuantisers()
            #expect(!graph.nodes.contains { $0.operation == "QuantizeLinear" }, "\(golden.name)")
            try ImportGolden.check(graph, computes: golden, absolute: (golden.step ?? 0) + 2e-6)
        }
    }

    /// All types, one scale or one for each channel, numbers on ties and beyond the range, integers that move, and one that is put out.
    @Test(arguments: [ElementType.uint8, .int8, .uint16, .int16], [false, true])
    func everyBitIsTheKernels(_ type: ElementType, perChannel: Bool) throws {
        let count = perChannel ? 3 : 1
        let scales: [Float] = Array([0.25, 0.1, 3].prefix(count))
        let points = AnyTensor(Tensor(vector: Array([Float(3), 0, 7].prefix(count)))).converted(to: type)
        let shape: Shape = perChannel ? [3] : []
        var nodes = [
            NodeProto("QuantizeLinear", ["x", "s", "z"], ["q"], attributes: [AttributeProto("axis", int: 1)]),
            NodeProto("Transpose", ["q"], ["t"], attributes: [AttributeProto("perm", ints: [0, 1, 3, 2])]),
            NodeProto("Concat", ["t", "c"], ["k"], attributes: [AttributeProto("axis", int: 3)]),
            NodeProto("DequantizeLinear", ["k", "s", "z"], ["y"], attributes: [AttributeProto("axis", int: 1)]),
        ]
        nodes.append(NodeProto("Identity", ["q"], ["integers"]))
        var model = Models.model(
            nodes, inputs: [Models.input("x", [2, 3, 4, 5])], outputs: ["y"],
            initializers: [
                TensorProto(try Models.floats(scales, shape), name: "s"),
                TensorProto(try points.reshaped(shape), name: "z"),
                TensorProto(
                    AnyTensor(Tensor<Float>(repeating: 5, shape: [2, 3, 5, 2])).converted(to: type), name: "c"),
            ])
        model.graph.output.append(Models.output("integers", type: type))
        let graph = try Graph(model).specialised(to: [:], by: Models.evaluator())
        let arithmetic = graph.computingQuantisers()
        #expect(arithmetic.nodes.allSatisfy { !$0.operation.hasSuffix("Linear") })
        var random = SeededGenerator(seed: 4)
        var numbers = (0..<120).map { _ in Float(random.nextNormal()) * 40 }
        // Ties, both limits, and what lies far beyond them.
        for (place, number) in [0.125, 0.375, -0.125, 1e6, -1e6, 31.75, 63.125, 0].enumerated() {
            numbers[place] = Float(number)
        }
        let x = try Models.floats(numbers, [2, 3, 4, 5])
        let (expected, found) = (try Models.run(graph, ["x": x]), try Models.run(arithmetic, ["x": x]))
        #expect(found[0].floats == expected[0].floats)
        #expect(found[1].elementType == type && found[1].integers == expected[1].integers)
        #expect(Set(expected[1].integers).count > 3)
    }

    /// Integers that nothing quantised: a picture as bytes.
    @Test func integersOfAnInputBecomeNumbers() throws {
        let model = Models.model(
            [NodeProto("DequantizeLinear", ["x", "s", "z"], ["y"])],
            inputs: [Models.input("x", [1, 4], type: .uint8)],
            initializers: [
                TensorProto(AnyTensor(Tensor(Float(0.5))), name: "s"),
                TensorProto(AnyTensor(Tensor(UInt8(100))), name: "z"),
            ])
        let graph = try Graph(model).specialised(to: [:], by: Models.evaluator()).computingQuantisers()
        #expect(graph.nodes.map(\.operation) == ["Cast", "Sub", "Mul"])
        let x = AnyTensor(try Tensor(shape: [1, 4], elements: [UInt8(0), 100, 101, 255]))
        #expect(try Models.run(graph, ["x": x])[0].floats == [-50, 0, 0.5, 77.5])
    }

    @Test func blocksAndOtherTypesStay() throws {
        let nodes = [
            NodeProto(
                "QuantizeLinear", ["x", "s"], ["q"],
                attributes: [AttributeProto("axis", int: 1), AttributeProto("block_size", int: 2)]),
            NodeProto(
                "DequantizeLinear", ["q", "s"], ["y"],
                attributes: [AttributeProto("axis", int: 1), AttributeProto("block_size", int: 2)]),
        ]
        let model = Models.model(
            nodes, inputs: [Models.input("x", [2, 4])],
            initializers: [TensorProto(try Models.floats([1, 2, 3, 4], [2, 2]), name: "s")])
        let graph = try Graph(model).specialised(to: [:], by: Models.evaluator())
        #expect(graph.computingQuantisers().nodes.map(\.operation) == ["QuantizeLinear", "DequantizeLinear"])
    }

    /// The largest of negative numbers and of zeros around them is 0 at the border, and the largest of four inside.
    @Test(arguments: [false, true]) func zerosAroundAPoolingCount(identity: Bool) throws {
        var nodes = [NodeProto("Pad", ["x", "p"], ["a"])]
        if identity { nodes.append(NodeProto("Identity", ["a"], ["b"])) }
        nodes.append(
            NodeProto(
                "MaxPool", [identity ? "b" : "a"], ["y"],
                attributes: [AttributeProto("kernel_shape", ints: [2, 2]), AttributeProto("strides", ints: [2, 2])]))
        let model = Models.model(
            nodes, inputs: [Models.input("x", [1, 1, 4, 4])],
            initializers: [TensorProto(Models.integers([0, 0, 1, 1, 0, 0, 1, 1]), name: "p")])
        let graph = try Graph(model).specialised(to: [:], by: Models.evaluator())
        let x = try Models.floats((1...16).map { -Float($0) }, [1, 1, 4, 4])
        let expected: [Float] = [0, 0, 0, 0, -6, 0, 0, 0, 0]
        let mended = graph.keepingZerosOutOfPoolings()
        for isStock in [false, true] {
            let bytes = try ONNXFile.serialized(mended.model(), name: "The model")
            let program = try ONNXRuntimeEngine().load(bytes, options: ProgramOptions(isStock: isStock))
            #expect(try program.run(["x": x], outputs: ["y"])[0].floats == expected)
        }
        // What is no padding with zeros stays as it is.
        #expect(mended.keepingZerosOutOfPoolings().nodes.count == mended.nodes.count)
    }
}
