import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import Testing

@Suite struct MethodFamilyTests {
    private func families(_ graph: Graph) throws -> [MethodFamily] {
        ModelInspection(Model(graph: graph, engine: try ONNXRuntimeEngine())).families
    }

    private func names(_ families: [MethodFamily]) -> [String] {
        families.flatMap { $0.methods.components(separatedBy: ", ") }
    }

    @Test func everyMethodOfTheCatalogueIsJudgedOnce() throws {
        let found = try families(Toys.classifier(batch: nil))
        #expect(names(found).sorted() == MethodCatalogue.selfContained.map(\.name))
        let possible = names(found.filter(\.isPossible))
        #expect(["gradcam", "cam", "gradient", "lrp", "rise", "score", "layercam"].allSatisfy(possible.contains))
    }

    @Test func whatAModelHasNotGotIsSaid() throws {
        // The score stands on a rounded copy of the input: nothing has a gradient, and no layer is a map.
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [.fixed(1), .fixed(6)])
        let rounded = graph.append(
            "Cast", [x], attributes: ["to": .integer(Int(ElementType.int64.rawValue))], name: "whole")[0]
        let back = graph.append(
            "Cast", [rounded], attributes: ["to": .integer(Int(ElementType.float32.rawValue))], name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: back)]
        let found = try families(graph)
        let impossible = found.filter { !$0.isPossible }
        #expect(["gradcam", "cam", "gradient", "deeplift"].allSatisfy(names(impossible).contains))
        #expect(impossible.allSatisfy { ($0.remark ?? "").count > 20 })
        #expect(names(found.filter(\.isPossible)).contains("score"))
    }
}
