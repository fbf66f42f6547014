import Graphs
import ONNXFormat
import ONNXMessages
import Tensors
import Testing

@Suite struct QuantizedOperatorsTests {
    private static let integerOperators = ["ConvInteger", "DynamicQuantizeLinear", "MatMulInteger", "QGemm"]

    @Test func integerOperatorsBecomeFloatingPointOnesThatComputeTheSame() throws {
        for golden in try ImportGolden.cases("quantised") {
            let graph = try golden.specialised()
            #expect(
                graph.nodes.allSatisfy {
                    $0.domain.isEmpty && !$0.operation.hasPrefix("QLinear")
                        && !Self.integerOperators.contains($0.operation)
                }, "\(golden.name): \(Set(graph.nodes.map(\.qualifiedOperation)).sorted())")
            try ImportGolden.check(graph, computes: golden, absolute: (golden.step ?? 0) + 2e-6)
        }
    }

    @Test func weightsFoldToTheNumbersThatTheyStandFor() throws {
        for golden in try ImportGolden.cases("quantised") where golden.name.hasPrefix("Q") {
            let graph = try golden.specialised()
            for node in graph.nodes where ["Conv", "MatMul", "Gemm"].contains(node.operation) {
                let weight = try #require(node.input(1))
                #expect(graph[weight].constant?.elementType == .float32, "\(golden.name): \(node.origin.name)")
            }
        }
    }

    @Test func theOperatorKeepsItsNameAndTheNoteCounts() throws {
        let golden = try #require(ImportGolden.cases("quantised").first { $0.name == "QOperator" })
        let graph = try golden.graph()
        #expect(graph.nodes.filter { $0.operation == "Conv" }.map(\.origin.name) == ["conv1_quant", "conv2_quant"])
        #expect(graph.notes.count == 1)
        #expect(graph.notes[0].contains("2 QLinearConv, 1 QLinearGlobalAveragePool"))
    }

    @Test func integersThatOthersReadStayIntegers() throws {
        var model = Models.model(
            [NodeProto("MatMulInteger", ["x", "w"], ["y"])], inputs: [Models.input("x", [1, 2], type: .uint8)],
            initializers: [TensorProto(try AnyTensor(Tensor(shape: [2, 1], elements: [Int8(-128), 127])), name: "w")])
        model.graph.output = [Models.output("y", type: .int32)]
        let graph = try Graph(model).specialised(to: [:], by: Models.evaluator())
        #expect(graph[graph.outputs[0].value].type == .int32)
        let x = AnyTensor(try Tensor(shape: [1, 2], elements: [UInt8(255), 254]))
        #expect(try Models.run(graph, ["x": x])[0].integers == [-128 * 255 + 127 * 254])
    }

    @Test func formsWithoutAnEquivalentStay() throws {
        var softmax = NodeProto(
            "QLinearSoftmax", ["x", "s", "", "t", ""], ["y"], attributes: [AttributeProto("opset", int: 11)])
        softmax.domain = "com.microsoft"
        let graph = try Graph(
            Models.model(
                [softmax], inputs: [Models.input("x", [1, 2], type: .uint8)],
                initializers: [
                    TensorProto(AnyTensor(Tensor(Float(1))), name: "s"),
                    TensorProto(AnyTensor(Tensor(Float(1))), name: "t"),
                ]))
        #expect(graph.nodes.map(\.operation) == ["QLinearSoftmax"])
        #expect(graph.notes == [])
    }
}
