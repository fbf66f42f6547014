import Graphs
import ONNXFormat
import ONNXMessages
import Runtime
import Tensors
import Testing

/// Newer operators against ONNX's own cases, fused ones against what ONNX Runtime's kernels compute, forms that it does not run
/// against those that it does.
@Suite struct DecompositionsTests {
    static let golden = Result { try UpgradeGolden.load("decompositions.json") }
    static let names = (try? golden.get().cases.map(\.name)) ?? []

    @Test(arguments: names)
    func theNodesComputeWhatTheOperatorDoes(_ name: String) throws {
        let golden = try Self.golden.get()
        let example = try #require(golden.cases.first { $0.name == name })
        let original = try ONNXFile.read(data: example.model)
        let model = try Upgrades.apply(to: original)
        let operators = Set(original.graph.node.map(\.opType)).subtracting(["GRU", "Gelu", "LSTM", "RNN"])
        #expect(operators.isDisjoint(with: model.graph.node.map(\.opType)))
        #expect(model.graph.node.allSatisfy { $0.domain.isEmpty })
        let program = try ONNXRuntimeEngine().load(try Graph(model))
        let inputs = try Dictionary(uniqueKeysWithValues: example.inputs.map { ($0.name, try $0.tensor()) })
        let results = try program.run(inputs)
        for output in example.outputs {
            let result = try #require(results[output.name])
            let expected = try output.tensor()
            #expect(result.elementType == expected.elementType)
            #expect(result.shape == expected.shape)
            for (found, wanted) in zip(result.floats, expected.floats) where found != wanted {
                #expect(abs(found - wanted) <= golden.tolerance.absolute + golden.tolerance.relative * abs(wanted))
            }
        }
    }

    @Test func everyDecompositionIsTested() throws {
        let used = try Self.golden.get().cases.flatMap { try ONNXFile.read(data: $0.model).graph.node.map(\.opType) }
        #expect(Set(Decompositions.all.flatMap(\.operators)).subtracting(used) == ["TransposeMatMul"])
    }

    @Test func theCatalogueIsSortedAndNamesEachOperatorOnce() {
        let operators = Decompositions.all.flatMap { one in one.operators.map { "\(one.domain).\($0)" } }
        #expect(Set(operators).count == operators.count)
        let files = Decompositions.all.map { String(describing: type(of: $0)) }
        #expect(files == files.sorted())
    }
}
