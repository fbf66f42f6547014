import Graphs
import ONNXFormat
import ONNXMessages
import Tensors
import Testing

@Suite struct PassesTests {
    /// Flattens by a computed shape: Shape, Gather, Concat, Reshape.
    private func computedFlatten() throws -> ModelProto {
        Models.model(
            [
                NodeProto("Relu", ["x"], ["a"]), NodeProto("Shape", ["a"], ["s"]),
                NodeProto("Gather", ["s", "zero"], ["n"]),
                NodeProto("Concat", ["n", "rest"], ["shape"], attributes: [AttributeProto("axis", int: 0)]),
                NodeProto("Reshape", ["a", "shape"], ["flat"]),
                NodeProto("Shape", ["flat"], ["s2"], attributes: [AttributeProto("start", int: -1)]),
                NodeProto("Cast", ["s2"], ["length"], attributes: [AttributeProto("to", int: 1)]),
                NodeProto("Div", ["flat", "length"], ["y"]),
            ],
            inputs: [Models.input("x", [-1, 2, 3])],
            initializers: [
                TensorProto(Models.integers([0]), name: "zero"), TensorProto(Models.integers([-1]), name: "rest"),
            ])
    }

    @Test func shapesAndWhatDependsOnThemFold() throws {
        let graph = try Graph(computedFlatten()).specialised(to: ["x": [4, 2, 3]], by: Models.evaluator())
        #expect(graph.nodes.map(\.operation) == ["Relu", "Reshape", "Div"])
        let y = try #require(graph.value(named: "y"))
        #expect(graph.shape(of: y) == [4, 6])
        #expect(graph[y].type == .float32)
        #expect(graph[try #require(graph.value(named: "shape"))].constant?.integers == [4, -1])
        #expect(graph[try #require(graph.value(named: "length"))].constant?.floats == [6])
        let x = try Models.floats((0..<24).map { Float($0) * 6 }, [4, 2, 3])
        #expect(try Models.run(graph, ["x": x])[0] == Models.floats((0..<24).map { Float($0) }, [4, 6]))
    }

    @Test func foldedOutputsAreStillOutputs() throws {
        let graph = try Graph(
            Models.model(
                [NodeProto("Shape", ["x"], ["y"]), NodeProto("Relu", ["x"], ["z"])], outputs: ["y", "z", "x"])
        ).specialised(to: [:], by: Models.evaluator())
        #expect(graph.nodes.map(\.operation) == ["Relu"])
        let found = try Models.run(graph, ["x": Models.floats([-1, 1, 2, 3, 4, 5], [2, 3])])
        #expect(found[0].integers == [2, 3])
        #expect(found[1].floats == [0, 1, 2, 3, 4, 5])
        #expect(found[2].floats == [-1, 1, 2, 3, 4, 5])
    }

    @Test func shapesThatDependOnContentsAreMeasured() throws {
        let graph = try Graph(
            Models.model(
                [
                    NodeProto("Expand", ["x", "shape"], ["e"]), NodeProto("NonZero", ["e"], ["i"]),
                    NodeProto("Cast", ["i"], ["y"], attributes: [AttributeProto("to", int: 1)]),
                ],
                initializers: [TensorProto(Models.integers([2, 2, 3]), name: "shape")])
        ).specialised(to: [:], by: Models.evaluator())
        #expect(graph.shape(of: try #require(graph.value(named: "e"))) == [2, 2, 3])
        #expect(graph.shape(of: try #require(graph.value(named: "y"))) == [3, 0])
    }

    @Test func wrongInputShapesAreErrors() throws {
        let graph = try Graph(computedFlatten())
        let evaluator = try Models.evaluator()
        #expect(throws: GraphError.inputShape(input: "x", declared: "[n, 2, 3]", given: [4, 3, 3])) {
            try graph.specialised(to: ["x": [4, 3, 3]], by: evaluator)
        }
        #expect(throws: GraphError.inputShape(input: "x", declared: "[n, 2, 3]", given: [2, 3])) {
            try graph.specialised(to: ["x": [2, 3]], by: evaluator)
        }
        #expect(throws: GraphError.openDimension(input: "x", declared: "[n, 2, 3]")) {
            try graph.specialised(to: [:], by: evaluator)
        }
        #expect(throws: GraphError.unknownInput(name: "z", known: ["x"])) {
            try graph.specialised(to: ["z": [1]], by: evaluator)
        }
        let known = try graph.specialised(to: ["x": [4, 2, 3]], by: evaluator)
        #expect(throws: GraphError.inputShape(input: "x", declared: "[4, 2, 3]", given: [5, 2, 3])) {
            try known.specialised(to: ["x": [5, 2, 3]], by: evaluator)
        }
    }

    @Test func deadNodesGoAndTheFirstResultOfALiveNodeStays() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [1, 1, 2, 2])
        let unused = graph.addInput("unused", type: .float32, shape: [1])
        graph.append("Abs", [unused], name: "dead")
        let pooled = graph.append(
            "MaxPool", [x], attributes: ["kernel_shape": .integers([2, 2])], outputCount: 2, name: "pool")
        graph.outputs = [Graph.Output(name: "indices", value: pooled[1])]
        let live = graph.eliminatingDeadNodes()
        #expect(live.nodes.map(\.operation) == ["MaxPool"])
        #expect(live.inputs.count == 2)
        #expect(graph.eliminatingDeadNodes(keepingInputs: false).inputs.count == 1)
        let feed = try ["x": Models.floats([1, 7, 3, 4], [1, 1, 2, 2]), "unused": Models.floats([0])]
        #expect(try Models.run(live, feed)[0].integers == [1])
        graph.outputs = [Graph.Output(name: "pool", value: pooled[0])]
        #expect(graph.eliminatingDeadNodes().nodes[0].outputs.count == 1)
    }

    @Test func prefixAndSuffixMakeTheWhole() throws {
        // y = relu(x)·x + |relu(x)|: the suffix behind `a` still reads the input.
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [4])
        let a = graph.append("Relu", [x], name: "a")[0]
        let product = graph.append("Mul", [a, x], name: "product")[0]
        let absolute = graph.append("Abs", [a], name: "absolute")[0]
        let y = graph.append("Add", [product, absolute], name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: y)]
        let input = try Models.floats([-2, -1, 1, 3])
        let whole = try Models.run(graph, ["x": input])[0]
        let prefix = graph.tapped(at: [a])
        #expect(prefix.nodes.map(\.operation) == ["Relu"])
        let middle = try Models.run(prefix, ["x": input])[0]
        let suffix = graph.suffix(behind: [a])
        try suffix.validate(after: "cutting")
        #expect(suffix.nodes.map(\.operation) == ["Mul", "Abs", "Add"])
        #expect(suffix.inputs.map { suffix[$0].name } == ["a", "x"])
        #expect(try Models.run(suffix, ["a": middle, "x": input])[0] == whole)
        #expect(whole.floats == [0, 0, 2, 12])
        let both = graph.suffix(behind: [product, absolute])
        #expect(both.nodes.map(\.operation) == ["Add"])
        #expect(both.inputs.count == 2)
    }

    @Test func validationFindsWhatAPassBroke() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [1])
        let later = graph.addValue(name: "later")
        let result = graph.addValue(name: "result")
        graph.append(Node("Add", inputs: [x, later], outputs: [result]))
        #expect(throws: GraphError.invalid(pass: "test", reason: "Add 'result' reads 'later' before it is computed")) {
            try graph.validate(after: "test")
        }
        graph.append(Node("Relu", inputs: [x], outputs: [later]))
        #expect(throws: GraphError.self) { try graph.validate(after: "test") }
    }
}
