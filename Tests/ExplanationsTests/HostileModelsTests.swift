import Explanations
import Foundation
import Graphs
import ONNXFormat
import ONNXMessages
import Runtime
import Tensors
import TestSupport
import Testing

/// Models that a file can hold and nobody should compute: each ends in a sentence or a result.
@Suite struct HostileModelsTests {
    private static func model(
        _ nodes: [NodeProto], input lengths: [Int64] = [1, 3, 8, 8], constants: [String: [Int64]] = [:]
    ) throws -> Model {
        var proto = ModelProto()
        proto.irVersion = 10
        var opset = OperatorSetIdProto()
        opset.version = Int64(Graph.opset)
        proto.opsetImport = [opset]
        proto.graph.name = "hostile"
        proto.graph.node = nodes
        for (name, type) in [("x", true), ("y", false)] {
            var info = ValueInfoProto()
            info.name = name
            info.type.tensorType.elemType = 1
            if type {
                info.type.tensorType.shape.dim = lengths.map { length in
                    var dimension = TensorShapeProto.Dimension()
                    dimension.dimValue = length
                    return dimension
                }
                proto.graph.input = [info]
            } else {
                proto.graph.output = [info]
            }
        }
        proto.graph.initializer = constants.map { TensorProto(AnyTensor(Tensor(vector: $0.value)), name: $0.key) }
        return Model(graph: try Graph(proto), engine: try ONNXRuntimeEngine())
    }

    @Test func hugeShapesAreRefused() throws {
        let relu = NodeProto("Relu", ["x"], ["y"])
        let inspection = ModelInspection(try Self.model([relu], input: [1, 3, 1 << 40, 1 << 40]))
        #expect(inspection.problems.first?.contains("more than 2^30 elements") == true)
        let size = ModelInspection(try Self.model([NodeProto("Size", ["x"], ["y"])], input: [1 << 40, 1 << 40]))
        #expect(size.problems.first?.contains("more than 2^30 elements") == true)
    }

    @Test func hugeStridesHaveNoReceptiveField() throws {
        let attributes = [
            AttributeProto("kernel_shape", ints: [1, 1]), AttributeProto("strides", ints: [1 << 20, 1 << 20]),
        ]
        let nodes = (0..<4).map { index in
            NodeProto(
                "MaxPool", [index == 0 ? "x" : "v\(index)"], [index == 3 ? "y" : "v\(index + 1)"],
                attributes: attributes)
        }
        #expect(ModelInspection(try Self.model(nodes)).problems.isEmpty)
    }

    @Test func nodesInReverseOrderAreImportedQuickly() throws {
        let count = 20_000
        let chain = (0..<count).map { index in
            NodeProto("Identity", [index == 0 ? "x" : "v\(index)"], [index == count - 1 ? "y" : "v\(index + 1)"])
        }
        let model = try Self.model(chain.reversed())
        #expect(model.graph.nodes.count == count)
        #expect(model.graph.nodes.first?.input(0).map { model.graph[$0].name } == "x")
    }

    @Test func endlessModulePathsAreIgnored() throws {
        var relu = NodeProto("Relu", ["x"], ["y"])
        relu.name = (0..<60_000).map { "/a\($0)" }.joined()
        #expect(try Self.model([relu]).graph.nodes[0].origin.modulePath.isEmpty)
    }

    @Test func largeConstantsAreNotFolded() throws {
        let fill = NodeProto("ConstantOfShape", ["length"], ["zeros"])
        let sum = NodeProto("ReduceSum", ["zeros"], ["total"], attributes: [AttributeProto("keepdims", int: 0)])
        let add = NodeProto("Add", ["x", "total"], ["y"])
        let model = try Self.model([fill, sum, add], constants: ["length": [450_000_000]])
        let shapes: [String: Shape] = ["x": [1, 3, 8, 8]]
        let graph = try model.graph.specialised(to: shapes, by: EngineEvaluator(model.engine))
        #expect(graph.nodes.contains { $0.operation == "ConstantOfShape" })
    }

    @Test func anythingButZeroTransposes() throws {
        let gemm = NodeProto("Gemm", ["x", "x"], ["y"], attributes: [AttributeProto("transB", int: 2)])
        let model = try Self.model([gemm], input: [2, 3])
        let input = AnyTensor(try Tensor<Float>(shape: [2, 3], elements: [1, 2, 3, 4, 5, 6]))
        let found = try Attributor(model).attribute(
            inputs: ["x": input], target: Target(parsing: "sum(y)"), methods: [MethodSpecification("gradient")])
        // y = x xᵀ, so the gradient of its sum is 2 Σ_rows x in every row.
        #expect(found[0].values.elements == [10, 14, 18, 10, 14, 18])
    }

    /// Reading, upgrading, importing, printing and exporting a damaged model ends in a graph or a sentence.
    @Test func damagedModelsAreImportedOrRefused() throws {
        let whole = try ONNXFile.serialized(
            Self.model([
                NodeProto("Relu", ["x"], ["r"], name: "/block/relu/Relu"),
                NodeProto("GlobalAveragePool", ["r"], ["p"], name: "/pool/GlobalAveragePool"),
                NodeProto("Flatten", ["p"], ["f"], attributes: [AttributeProto("axis", int: 1)]),
                NodeProto("Split", ["f"], ["a", "b"], attributes: [AttributeProto("num_outputs", int: 2)]),
                NodeProto("Concat", ["a", "b"], ["y"], attributes: [AttributeProto("axis", int: 1)]),
            ]).graph.model())
        var random = SeededGenerator(seed: 20_261_122)
        var imported = 0
        for _ in 0..<40_000 {
            guard let proto = try? ONNXFile.read(data: whole.mutated(using: &random)) else { continue }
            do {
                let graph = try Graph(Upgrades.apply(to: proto))
                #expect(!graph.description.isEmpty)
                #expect(
                    graph.eliminatingDeadNodes().model().graph.node.count <= proto.graph.node.count
                        + proto.graph.output.count)
                imported += 1
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
        #expect(imported > 1_000)
    }
}
