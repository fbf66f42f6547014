import Foundation
import Graphs
import ONNXFormat
import ONNXMessages
import Runtime
import Tensors
import Testing

@Suite struct UpgradesTests {
    @Test func everyUpgradedModelComputesWhatTheOldOneDid() throws {
        let golden = try UpgradeGolden.load()
        let engine = try ONNXRuntimeEngine()
        #expect(golden.cases.count > 100)
        for old in golden.cases {
            let model = try Upgrades.apply(to: ONNXFile.read(data: old.model))
            #expect(model.opsetImport.first?.version == Int64(Graph.opset), "\(old.name)")
            let program = try engine.load(ONNXFile.serialized(model))
            let inputs = try Dictionary(uniqueKeysWithValues: old.inputs.map { ($0.name, try $0.tensor()) })
            let results = try program.run(inputs)
            for output in old.outputs {
                let result = try #require(results[output.name], "\(old.name)")
                let expected = try output.tensor()
                #expect(result.elementType == expected.elementType, "\(old.name)")
                #expect(result.shape == expected.shape, "\(old.name)")
                let distances = zip(result.floats, expected.floats).map { pair in
                    abs(pair.0 - pair.1) - golden.tolerance.relative * abs(pair.1)
                }
                #expect(distances.allSatisfy { $0 <= golden.tolerance.absolute }, "\(old.name)")
            }
        }
    }

    @Test func everyUpgradeIsTested() throws {
        let used = try UpgradeGolden.load().cases.flatMap { try operators(in: ONNXFile.read(data: $0.model).graph) }
        // Scan is refused, see below.
        let untested = Upgrades.all.flatMap(\.operators).filter { $0 != "Scan" && !used.contains($0) }
        #expect(untested == [])
    }

    @Test func theCatalogueIsSortedAndNamesEachOperatorOnce() {
        let operators = Upgrades.all.flatMap(\.operators)
        #expect(Set(operators).count == operators.count)
        let files = Upgrades.all.map { String(describing: type(of: $0)) }
        #expect(files == files.sorted())
    }

    @Test func aModelAtThePresentOpsetIsLeftAlone() throws {
        let model = self.model(opset: 21, [NodeProto("Clip", ["x", "low"], ["y"])])
        #expect(try Upgrades.apply(to: model) == model)
    }

    @Test func otherDomainsAreLeftAlone() throws {
        var node = NodeProto("Clip", ["x"], ["y"], attributes: [AttributeProto("min", float: 0)])
        node.domain = "com.example"
        var model = self.model(opset: 9, [node])
        model.opsetImport.append(model.opsetImport[0])
        model.opsetImport[1].domain = "com.example"
        let upgraded = try Upgrades.apply(to: model)
        #expect(upgraded.graph.node == [node])
        #expect(upgraded.opsetImport.map(\.version) == [21, 9])
    }

    @Test func nameAndMetadataStayWithTheNode() throws {
        var node = NodeProto("Clip", ["x"], ["y"], name: "/act/Clip", attributes: [AttributeProto("max", float: 6)])
        node.metadataProps = [StringStringEntryProto(key: "namespace", value: ": net/act: ReLU6")]
        let nodes = try Upgrades.apply(to: model(opset: 9, [node])).graph.node
        #expect(nodes.map(\.opType) == ["Constant", "Clip"])
        #expect(nodes[1].input == ["x", "", nodes[0].output[0]])
        #expect(nodes[1].name == "/act/Clip")
        #expect(nodes.map(\.metadataProps) == [node.metadataProps, node.metadataProps])
    }

    @Test func softmaxOfAClassifierStaysOneNode() throws {
        let nodes = [
            NodeProto("Flatten", ["x"], ["f"]), NodeProto("Gemm", ["f", "w", "b"], ["h"]),
            NodeProto("Softmax", ["h"], ["y"]),
        ]
        let upgraded = try Upgrades.apply(to: model(opset: 9, nodes)).graph.node
        #expect(upgraded.map(\.opType) == ["Flatten", "Gemm", "Softmax"])
        #expect(upgraded[2].int("axis") == 1)
    }

    @Test(arguments: [1, 6, 29, Int64.max, -1])
    func opsetsOutOfReachAreRefusedWithAdvice(opset: Int64) {
        let error = #expect(throws: GraphError.self) {
            try Upgrades.apply(to: model(opset: opset, [NodeProto("Relu", ["x"], ["y"])]))
        }
        #expect(error?.description.contains("opset \(opset),") == true)
        #expect(error?.description.contains("onnx.version_converter") == true)
    }

    @Test func newOperatorsAndSettingsAreRefusedByName() {
        for (opset, node) in [
            (24, NodeProto("TensorScatter", ["x", "u"], ["y"], name: "act")),
            (
                23,
                NodeProto(
                    "DequantizeLinear", ["x"], ["y"], name: "act", attributes: [AttributeProto("output_dtype", int: 10)]
                )
            ),
            (8, NodeProto("Scan", ["x"], ["y"], name: "act")),
            (9, NodeProto("BatchNormalization", ["x", "s", "b", "m", "v"], ["z", "y"], name: "act")),
            (
                18,
                NodeProto(
                    "GroupNormalization", ["x", "s", "b"], ["y"], name: "act",
                    attributes: [AttributeProto("num_groups", int: 0)])
            ),
        ] {
            let error = #expect(throws: GraphError.self) { try Upgrades.apply(to: model(opset: Int64(opset), [node])) }
            #expect(error?.description.contains("\(node.opType) 'act'") == true)
        }
    }

    @Test func attributesThatOnlyRepeatTheDefaultGo() throws {
        let node = NodeProto(
            "DequantizeLinear", ["x", "s"], ["y"], attributes: [AttributeProto("output_dtype", int: 0)])
        #expect(try Upgrades.apply(to: model(opset: 23, [node])).graph.node[0].attribute == [])
    }

    @Test func weightsAreNoInputsAnyMore() throws {
        var model = self.model(opset: 8, [NodeProto("Add", ["x", "w"], ["y"])])
        model.irVersion = 3
        model.graph.initializer = [TensorProto(AnyTensor(Tensor<Float>(1)), name: "w")]
        model.graph.input.append(model.graph.input[0])
        model.graph.input[1].name = "w"
        #expect(try Upgrades.apply(to: model).graph.input.map(\.name) == ["x"])
    }

    private func model(opset: Int64, _ nodes: [NodeProto]) -> ModelProto {
        var model = ModelProto()
        model.irVersion = 10
        var standard = OperatorSetIdProto()
        standard.domain = ""
        standard.version = opset
        model.opsetImport = [standard]
        model.graph.name = "g"
        model.graph.node = nodes
        var info = ValueInfoProto()
        info.name = "x"
        info.type.tensorType.elemType = 1
        model.graph.input = [info]
        info.name = "y"
        model.graph.output = [info]
        return model
    }

    private func operators(in graph: GraphProto) -> [String] {
        graph.node.flatMap { node in
            [node.opType] + node.attribute.filter(\.hasG).flatMap { operators(in: $0.g) }
        }
    }
}
