import Foundation
import Graphs
import ONNXFormat
import ONNXMessages
import Tensors
import Testing

@Suite struct ImportTests {
    @Test func theTextFormShowsInputsNodesAndOutputs() throws {
        let model = Models.model(
            [
                NodeProto(
                    "Conv", ["x", "w"], ["c"], name: "conv",
                    attributes: [
                        AttributeProto("strides", ints: [2, 2]), AttributeProto("auto_pad", string: "SAME_UPPER"),
                    ]),
                NodeProto("LeakyRelu", ["c"], ["y"], attributes: [AttributeProto("alpha", float: 0.5)]),
            ],
            inputs: [Models.input("x", [-1, 1, 4, 4])],
            initializers: [TensorProto(AnyTensor(zeros: .float32, shape: [2, 1, 3, 3]), name: "w")])
        let graph = try Graph(model)
        #expect(
            graph.description == """
                %1 = input "x" : f32[n,1,4,4]
                %2 = Conv(%1, w) auto_pad="SAME_UPPER" strides=[2,2] : ?
                %3 = LeakyRelu(%2) alpha=0.5 : f32
                output "y" = %3
                """)
        let known = try graph.specialised(to: ["x": [1, 1, 4, 4]], by: Models.evaluator())
        #expect(known.description.contains("= LeakyRelu(%2) alpha=0.5 : f32[1,2,2,2]"))
    }

    @Test func anExportedGraphReadsBackAsTheSame() throws {
        let graph = try Graph(
            Models.model(
                [
                    NodeProto(
                        "Split", ["x"], ["a", ""],
                        attributes: [AttributeProto("axis", int: 0), AttributeProto("num_outputs", int: 2)]),
                    NodeProto("Clip", ["a", "", "high"], ["c"], name: "clip"),
                    NodeProto("Add", ["c", "bias"], ["y"]),
                ],
                initializers: [
                    TensorProto(AnyTensor(Tensor(Float(2))), name: "high"),
                    TensorProto(try Models.floats([1, 2, 3]), name: "bias"),
                ]))
        let again = try Graph(graph.model())
        #expect(again.description == graph.description)
        #expect(again.nodes.map(\.origin) == graph.nodes.map(\.origin))
        let x = try Models.floats([1, 2, 3, 9, 9, 9], [2, 3])
        #expect(try Models.run(again, ["x": x])[0].floats == [2, 4, 5])
    }

    @Test func brokenModelsAreRefusedByName() throws {
        #expect(throws: GraphError.undefinedValue(name: "gone", node: "Relu 'r'")) {
            try Graph(Models.model([NodeProto("Relu", ["gone"], ["y"], name: "r")]))
        }
        #expect(throws: GraphError.duplicateValue(name: "y")) {
            try Graph(Models.model([NodeProto("Relu", ["x"], ["y"]), NodeProto("Abs", ["x"], ["y"])]))
        }
        #expect(throws: GraphError.duplicateValue(name: "x")) {
            try Graph(Models.model([NodeProto("Relu", ["x"], ["x"])], outputs: ["x"]))
        }
        #expect(throws: GraphError.cycle(node: "Add 'y'")) {
            try Graph(Models.model([NodeProto("Add", ["x", "z"], ["y"]), NodeProto("Relu", ["y"], ["z"])]))
        }
        #expect(throws: GraphError.undefinedOutput(name: "y")) {
            try Graph(Models.model([NodeProto("Relu", ["x"], ["z"])]))
        }
        var function = FunctionProto()
        function.name = "Block"
        function.domain = "local"
        var call = NodeProto("Block", ["x"], ["y"])
        call.domain = "local"
        var model = Models.model([call])
        model.functions = [function]
        #expect(throws: GraphError.self) { try Graph(model) }
    }

    @Test func nodesMayStandInAnyOrder() throws {
        let graph = try Graph(
            Models.model([
                NodeProto("Neg", ["b"], ["y"]), NodeProto("Abs", ["a"], ["b"]), NodeProto("Relu", ["x"], ["a"]),
            ]))
        #expect(graph.nodes.map(\.operation) == ["Relu", "Abs", "Neg"])
    }

    @Test func initializersRepeatedAsInputsAreConstants() throws {
        let graph = try Graph(
            Models.model(
                [NodeProto("Add", ["x", "w"], ["y"])],
                inputs: [Models.input("x", [2, 3]), Models.input("w", [3])],
                initializers: [TensorProto(try Models.floats([1, 2, 3]), name: "w")]))
        #expect(graph.inputs.map { graph[$0].name } == ["x"])
        #expect(graph[try #require(graph.value(named: "w"))].constant?.floats == [1, 2, 3])
    }

    @Test func anEmptyNameIsNoOperand() throws {
        let graph = try Graph(
            Models.model(
                [NodeProto("Clip", ["x", "", ""], ["y"])],
                initializers: [TensorProto(try Models.floats([5]))]))
        #expect(graph.nodes[0].inputs.count == 3)
        #expect(graph.nodes[0].input(1) == nil)
    }

    @Test func constantNodesOfAllFormsBecomeConstants() throws {
        let forms: [(AttributeProto, AnyTensor)] = [
            (AttributeProto("value", tensor: try Models.floats([1, 2])), try Models.floats([1, 2])),
            (AttributeProto("value_float", float: 3), AnyTensor(Tensor(Float(3)))),
            (AttributeProto("value_floats", floats: [4, 5]), try Models.floats([4, 5])),
            (AttributeProto("value_int", int: 6), AnyTensor(Tensor(Int64(6)))),
            (AttributeProto("value_ints", ints: [7, 8]), Models.integers([7, 8])),
        ]
        for (attribute, expected) in forms {
            let graph = try Graph(
                Models.model([
                    NodeProto("Constant", [], ["c"], attributes: [attribute]), NodeProto("Identity", ["c"], ["y"]),
                ]))
            #expect(graph.nodes.map(\.operation) == ["Identity"])
            #expect(graph[try #require(graph.value(named: "c"))].constant == expected, "\(attribute.name)")
        }
        let text = try Graph(
            Models.model([
                NodeProto("Constant", [], ["c"], attributes: [AttributeProto("value_string", string: "text")]),
                NodeProto("Relu", ["x"], ["y"]),
            ]))
        #expect(try text.specialised(to: [:], by: Models.evaluator()).nodes.map(\.operation) == ["Relu"])
    }

    @Test func attributesOfEveryKindAreReadAndWritten() throws {
        var graphs = GraphProto()
        graphs.name = "body"
        var strings = AttributeProto()
        strings.name = "strings"
        strings.type = .strings
        strings.strings = ["a", "b"].map { Data($0.utf8) }
        let protos: [(AttributeProto, Attribute)] = [
            (AttributeProto("i", int: -3), .integer(-3)), (AttributeProto("f", float: 0.25), .float(0.25)),
            (AttributeProto("s", string: "text"), .string("text")),
            (AttributeProto("is", ints: [1, 2]), .integers([1, 2])),
            (AttributeProto("fs", floats: [1, 0.5]), .floats([1, 0.5])), (strings, .strings(["a", "b"])),
            (AttributeProto("t", tensor: try Models.floats([1])), .tensor(try Models.floats([1]))),
            (AttributeProto("g", graph: graphs), .subgraph(graphs)),
        ]
        for (proto, attribute) in protos {
            #expect(try Attribute(proto, node: "N") == attribute)
            #expect(attribute.message(name: proto.name) == proto)
            var untyped = proto
            untyped.clearType()
            if [.int, .float, .string, .ints].contains(proto.type) {
                #expect(try Attribute(untyped, node: "N") == attribute)
            }
        }
        var odd = AttributeProto()
        odd.name = "odd"
        odd.type = .typeProto
        #expect(throws: GraphError.self) { try Attribute(odd, node: "N") }
    }

    @Test func valuesThatBodiesReadSurvive() throws {
        func branch(_ operation: String) -> GraphProto {
            var graph = GraphProto()
            graph.name = operation
            graph.node = [NodeProto(operation, ["a", "w"], ["r"])]
            graph.output = [Models.output("r")]
            return graph
        }
        let model = Models.model(
            [
                NodeProto("Relu", ["x"], ["a"]), NodeProto("Abs", ["x"], ["dead"]),
                NodeProto(
                    "If", ["condition"], ["y"],
                    attributes: [
                        AttributeProto("then_branch", graph: branch("Add")),
                        AttributeProto("else_branch", graph: branch("Mul")),
                    ]),
            ],
            inputs: [Models.input("x", [3]), Models.input("condition", [], type: .bool)],
            initializers: [TensorProto(try Models.floats([10, 20, 30]), name: "w")])
        let graph = try Graph(model).eliminatingDeadNodes()
        #expect(graph.nodes.map(\.operation) == ["Relu", "If"])
        let again = try Graph(graph.model())
        #expect(again.nodes[1].captures.count == 2)
        for (condition, expected) in [(true, [11, 20, 33]), (false, [10, 0, 90])] as [(Bool, [Float])] {
            let inputs = try ["x": Models.floats([1, -2, 3]), "condition": AnyTensor(Tensor(condition))]
            #expect(try Models.run(again, inputs)[0].floats == expected)
            let known = try graph.specialised(to: [:], by: Models.evaluator())
            #expect(try Models.run(known, inputs)[0].floats == expected)
        }
    }
}

/// Where files keep weights, and what they declare beside them.
@Suite struct WeightPlacesTests {
    private func sparse(_ indices: [Int64], _ indexShape: Shape, name: String = "w") throws -> SparseTensorProto {
        var proto = SparseTensorProto()
        proto.values = TensorProto(try Models.floats([5, 7]), name: name)
        proto.indices = TensorProto(AnyTensor(try Tensor(shape: indexShape, elements: indices)))
        proto.dims = [2, 3]
        return proto
    }

    @Test func sparseWeightsAreDense() throws {
        for (indices, shape) in [([1, 5], [2]), ([0, 1, 1, 2], [2, 2])] as [([Int64], Shape)] {
            var model = Models.model([NodeProto("Add", ["x", "w"], ["y"])])
            model.graph.sparseInitializer = [try sparse(indices, shape)]
            let expected = try Models.floats([0, 5, 0, 0, 0, 7], [2, 3])
            let graph = try Graph(model)
            #expect(graph[try #require(graph.value(named: "w"))].constant == expected)

            var attribute = AttributeProto()
            attribute.name = "sparse_value"
            attribute.type = .sparseTensor
            attribute.sparseTensor = try sparse(indices, shape, name: "")
            let constant = Models.model([
                NodeProto("Constant", [], ["w"], attributes: [attribute]), NodeProto("Add", ["x", "w"], ["y"]),
            ])
            let other = try Graph(constant)
            #expect(other[try #require(other.value(named: "w"))].constant == expected)
        }
    }

    @Test func sparseWeightsOutsideTheirShapeAreRefused() throws {
        let odd: [([Int64], Shape)] = [
            ([1, 6], [2]), ([-1, 0], [2]), ([0, 1, 2, 0], [2, 2]), ([1, 2, 3], [3]), ([1], [1]),
        ]
        for (indices, shape) in odd {
            var model = Models.model([NodeProto("Add", ["x", "w"], ["y"])])
            model.graph.sparseInitializer = [try sparse(indices, shape)]
            #expect(throws: (any Error).self, "\(indices)") { try Graph(model) }
        }
        var huge = Models.model([NodeProto("Add", ["x", "w"], ["y"])])
        huge.graph.sparseInitializer = [try sparse([1, 5], [2])]
        huge.graph.sparseInitializer[0].dims = [1 << 31, 1 << 31]
        #expect(throws: ONNXFormatError.self) { try Graph(huge) }
    }

    @Test func outputsMayBeInputsAndWeights() throws {
        let weight = try Models.floats((0..<600).map { Float($0) })
        let graph = try Graph(
            Models.model(
                [NodeProto("Relu", ["x"], ["y"])], inputs: [Models.input("x", [2])], outputs: ["y", "x", "w"],
                initializers: [TensorProto(weight, name: "w")])
        ).specialised(to: [:], by: Models.evaluator())
        let x = try Models.floats([-1, 2])
        #expect(try Models.run(graph, ["x": x]) == [try Models.floats([0, 2]), x, weight])
    }

    @Test func oneOutputTwiceIsRefused() throws {
        #expect(throws: GraphError.duplicateValue(name: "y")) {
            try Graph(Models.model([NodeProto("Relu", ["x"], ["y"])], outputs: ["y", "y"]))
        }
    }

    @Test func whatIsNoTensorOfNumbersIsNamed() throws {
        let tensor = Models.input("x", [1]).type
        var kinds = [TypeProto](repeating: TypeProto(), count: 4)
        kinds[0].sequenceType.elemType = tensor
        kinds[1].mapType.valueType = tensor
        kinds[2].sparseTensorType.elemType = 1
        kinds[3].tensorType.elemType = 14
        let names = ["sequence of values", "map", "sparse tensor", "tensor of element type COMPLEX64"]
        for (kind, name) in zip(kinds, names) {
            var model = Models.model([NodeProto("Identity", ["x"], ["y"])])
            model.graph.input[0].type = kind
            #expect(throws: GraphError.unsupportedType(value: "x", type: name)) { try Graph(model) }
        }
    }

    @Test func nodesOfOneNameAreWrittenUnderSeveral() throws {
        let graph = try Graph(
            Models.model([
                NodeProto("Relu", ["x"], ["a"], name: "n"), NodeProto("Abs", ["a"], ["b"], name: "n_2"),
                NodeProto("Neg", ["b"], ["y"], name: "n"),
            ]))
        #expect(graph.model().graph.node.map(\.name) == ["n", "n_2", "n_3"])
        #expect(try Models.run(graph, ["x": Models.floats([1, 2, 3, 4, 5, 6], [2, 3])])[0].floats[5] == -6)
    }
}
