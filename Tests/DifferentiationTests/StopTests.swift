import Differentiation
import Graphs
import Tensors
import Testing

/// Operators that let no gradient through, and quantised integers, which do.
@Suite struct StopTests {
    static let stops = RuleCatalogue.rules.filter { $0.value.character == .stopsGradient }.keys.sorted()

    @Test(arguments: stops)
    func nothingFlowsThroughAStop(_ operation: String) throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [2, 2])
        let stopped = graph.append(operation, [x, x, x], name: "stopped")[0]
        let y = graph.append("Mul", [stopped, x], name: "y")[0]
        for value in [stopped, y] {
            graph[value].type = .float32
            graph[value].shape = [2, 2]
        }
        let derived = try graph.differentiated([y], withRespectTo: [x, stopped])
        let gradient = try #require(derived.cotangents[x])
        let node = try #require(derived.graph.producingNode(of: gradient))
        // The product's other factor is all that reaches x.
        #expect(node.operation == "Mul" && node.operands == [derived.seeds[0], stopped])
        #expect(derived.cotangents[stopped] != nil)
    }

    @Test func quantisationIsStraightThroughAndSaysSo() {
        for operation in ["QuantizeLinear", "DequantizeLinear"] {
            #expect(RuleCatalogue.rules[operation]?.character == .straightThrough)
        }
    }

    @Test(arguments: ["Clip", "Relu"])
    func computingWithQuantisedIntegersIsRefusedByName(_ operation: String) throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [2])
        let scale = graph.addConstant(AnyTensor(Tensor(Float(0.25))))
        let zero = graph.addConstant(AnyTensor(Tensor(Int8(0))))
        let rounded = graph.append("QuantizeLinear", [x, scale, zero], name: "rounded")[0]
        let changed = graph.append(operation, [rounded], name: "changed", origin: Origin(name: "act"))[0]
        let y = graph.append("DequantizeLinear", [changed, scale, zero], name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: y)]
        let known = try Derivatives().specialised(graph)
        let expected = DifferentiationError.unsupported(
            node: "\(operation) 'act'", reason: "it computes with quantised integers")
        #expect(throws: expected) {
            try known.differentiated([known.outputs[0].value], withRespectTo: [known.inputs[0]])
        }
    }

    @Test func integerProductsAreRefusedByName() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [1, 2])
        let weight = graph.addConstant(AnyTensor(try Tensor<UInt8>(shape: [2, 1], elements: [1, 2])))
        let parts = graph.append("DynamicQuantizeLinear", [x], outputCount: 3, name: "dynamic")
        let product = graph.append("MatMulInteger", [parts[0], weight, parts[2]], name: "product")[0]
        let float = graph.append("Cast", [product], attributes: ["to": .integer(1)], name: "float")[0]
        graph.outputs = [Graph.Output(name: "y", value: float)]
        let known = try Derivatives().specialised(graph)
        #expect(throws: DifferentiationError.noRule(operation: "MatMulInteger", node: known.label(known.nodes[1]))) {
            try known.differentiated([known.outputs[0].value], withRespectTo: [known.inputs[0]])
        }
    }

    @Test func trainingModeIsRefusedByName() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [2, 3])
        let channels = try (0..<4).map { _ in graph.addConstant(try floats([1, 2, 3])) }
        let y = graph.append(
            "BatchNormalization", [x] + channels, attributes: ["training_mode": .integer(1)], outputCount: 3, name: "y")[
                0]
        graph[y].shape = [2, 3]
        #expect {
            try graph.differentiated([y], withRespectTo: [x])
        } throws: { error in
            "\(error)".contains("training mode") && "\(error)".contains("model.eval()")
        }
    }
}
