import Foundation
import Graphs
import ONNXFormat
import ONNXMessages
import Tensors
import Testing

@Suite struct LocalFunctionsTests {
    @Test func inlinedFunctionsComputeWhatTheEngineDoesWithTheCalls() throws {
        for golden in try ImportGolden.cases("functions") {
            let graph = try golden.graph()
            #expect(graph.nodes.allSatisfy { $0.domain.isEmpty }, "\(golden.name)")
            #expect(graph.domains.isEmpty, "\(golden.name)")
            try ImportGolden.check(graph, computes: golden)
            try ImportGolden.check(golden.specialised(), computes: golden)
        }
    }

    @Test func layersAreNamedByTheCallAndThenByTheFunction() throws {
        let inner = Self.function("inner", [NodeProto("Relu", ["v"], ["w"], name: "act")])
        var call = NodeProto("inner", ["v"], ["w"], name: "gate")
        call.domain = "local"
        let outer = Self.function("outer", [call])
        var named = NodeProto("outer", ["x"], ["y"], name: "block2")
        named.domain = "local"
        #expect(
            try Self.graph([named], [inner, outer]).nodes.map(\.origin)
                == [Origin(name: "block2/gate/act", modulePath: ["block2", "gate"])])
        named.metadataProps = [
            StringStringEntryProto(key: "namespace", value: ": Net/features: Seq/features.3: F/f: x")
        ]
        #expect(
            try Self.graph([named], [inner, outer]).nodes.map(\.origin.modulePath) == [["features", "3", "gate"]])
        named.metadataProps = []
        named.name = "node_outer_17"
        #expect(try Self.graph([named], [inner, outer]).nodes.map(\.origin.modulePath) == [["gate"]])
        var silent = call
        silent.clearName()
        #expect(
            try Self.graph([named], [inner, Self.function("outer", [silent])]).nodes.map(\.origin.modulePath) == [[]])
    }

    @Test func valuesOfSeveralCallsStayApart() throws {
        let function = Self.function("f", [NodeProto("Neg", ["v"], ["m"]), NodeProto("Exp", ["m"], ["w"])])
        func call(_ input: String, _ output: String, _ name: String) -> NodeProto {
            var node = NodeProto("f", [input], [output], name: name)
            node.domain = "local"
            return node
        }
        // The second call's name makes the name that the first call's inner value has.
        let graph = try Self.graph([call("x", "a", "p"), call("a", "b", "p"), call("b", "y", "p")], [function])
        #expect(Set(graph.values.map(\.name)).count == graph.values.count)
        let y = try #require(Models.run(graph, ["x": Models.floats([0.5, 1, 2, 3, 4, 5], [2, 3])])[0].floats.first)
        #expect(abs(y - exp(-exp(-exp(-0.5)))) < 1e-6)
    }

    @Test func anInputThatIsAnOutputPassesThrough() throws {
        var function = Self.function("f", [NodeProto("Neg", ["v"], ["w"])])
        function.output = ["v", "w", "w"]
        var call = NodeProto("f", ["x"], ["y", "z", "u"])
        call.domain = "local"
        let graph = try Self.graph([call], [function], outputs: ["y", "z", "u"])
        let results = try Models.run(graph, ["x": Models.floats([1, 2, 3, 4, 5, 6], [2, 3])])
        #expect(results.map { $0.floats[0] } == [1, -1, -1])
    }

    @Test func recursionIsRefusedByName() throws {
        var call = NodeProto("b", ["v"], ["w"])
        call.domain = "local"
        var back = NodeProto("a", ["v"], ["w"])
        back.domain = "local"
        var start = NodeProto("a", ["x"], ["y"])
        start.domain = "local"
        #expect(throws: GraphError.recursiveFunction(name: "local.a", path: ["local.a", "local.b", "local.a"])) {
            try Self.graph([start], [Self.function("a", [call]), Self.function("b", [back])])
        }
    }

    @Test func functionsThatExplodeAreRefused() throws {
        // Thirty functions, each calling the one before it twice: a thousand million nodes.
        var functions = [Self.function("f0", [NodeProto("Relu", ["v"], ["w"])])]
        for level in 1...30 {
            let calls = [("v", "m"), ("m", "w")].map { input, output in
                var node = NodeProto("f\(level - 1)", [input], [output])
                node.domain = "local"
                return node
            }
            functions.append(Self.function("f\(level)", calls))
        }
        var call = NodeProto("f30", ["x"], ["y"])
        call.domain = "local"
        let error = #expect(throws: GraphError.self) { try Self.graph([call], functions) }
        guard case .tooManyNodes? = error else { throw try #require(error) }
    }

    @Test func whatAFunctionDoesNotComputeIsNamed() throws {
        var call = NodeProto("f", ["x"], ["y"], name: "call")
        call.domain = "local"
        #expect(throws: GraphError.undefinedOutput(name: "y")) { try Self.graph([call], [Self.function("f", [])]) }
        #expect(throws: GraphError.undefinedValue(name: "call/gone", node: "Relu 'call/r'")) {
            try Self.graph([call], [Self.function("f", [NodeProto("Relu", ["gone"], ["w"], name: "r")])])
        }
    }

    private static func function(_ name: String, _ nodes: [NodeProto]) -> FunctionProto {
        var function = FunctionProto()
        function.name = name
        function.domain = "local"
        function.input = ["v"]
        function.output = ["w"]
        function.node = nodes
        return function
    }

    private static func graph(
        _ nodes: [NodeProto], _ functions: [FunctionProto], outputs: [String] = ["y"]
    ) throws -> Graph {
        var model = Models.model(nodes, outputs: outputs)
        model.functions = functions
        return try Graph(model)
    }
}

@Suite struct FunctionOpsetsTests {
    @Test func functionsOfFunctionsNeedNoOperatorSet() throws {
        // Only the innermost function uses ONNX's operators, and only it says of which opset.
        var relu = FunctionProto()
        relu.name = "relu"
        relu.domain = "local"
        relu.input = ["v"]
        relu.output = ["w"]
        relu.node = [NodeProto("Clip", ["v"], ["w"], attributes: [AttributeProto("min", float: 0)])]
        relu.opsetImport = [OperatorSetIdProto()]
        relu.opsetImport[0].version = 9
        var outer = relu
        outer.name = "outer"
        outer.opsetImport[0].domain = "local"
        outer.opsetImport[0].version = 1
        outer.node = [NodeProto("relu", ["v"], ["w"])]
        outer.node[0].domain = "local"
        var call = NodeProto("outer", ["x"], ["y"])
        call.domain = "local"
        var model = Models.model([call])
        model.functions = [relu, outer]
        model.opsetImport = outer.opsetImport
        let graph = try Graph(model)
        #expect(graph.nodes.map(\.operation) == ["Clip"])
        #expect(
            try Models.run(graph, ["x": Models.floats([-1, 1, 2, 3, 4, 5], [2, 3])])[0].floats == [0, 1, 2, 3, 4, 5])
    }
}
