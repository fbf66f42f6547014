import Differentiation
import Graphs
import Runtime
import Tensors
import Testing

/// The walker: what flows where, whatever the rules say.
@Suite struct WalkerTests {
    let derivatives: Derivatives

    init() throws { derivatives = try Derivatives() }

    /// `x` with a constant and the named results of the nodes that `build` appends.
    private func graph(
        _ shape: Shape = [3], outputs: [String] = ["y"], _ build: (inout Graph, ValueID) -> Void
    ) throws -> Graph {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: shape)
        build(&graph, x)
        graph.outputs = try outputs.map { Graph.Output(name: $0, value: try #require(graph.value(named: $0))) }
        return try derivatives.specialised(graph)
    }

    private func scalar(_ graph: inout Graph, _ value: Float) -> ValueID { graph.addConstant(AnyTensor(Tensor(value))) }

    @Test func cotangentsOfAllUsesAreSummed() throws {
        // y = x·x + 3x + x
        let graph = try graph { graph, x in
            let square = graph.append("Mul", [x, x], name: "square")[0]
            let triple = graph.append("Mul", [x, scalar(&graph, 3)], name: "triple")[0]
            let sum = graph.append("Add", [square, triple], name: "sum")[0]
            graph.append("Add", [sum, x], name: "y")
        }
        let found = try derivatives.gradients(
            graph, of: ["y"], at: ["x"], inputs: ["x": floats([1, -2, 0.5])], seeds: [floats([1, 1, 2])])
        #expect(found[0]?.floats == [6, 0, 10])
    }

    @Test func severalOutputsAddUpAndSeveralTargetsMayLieBehindEachOther() throws {
        let graph = try graph(outputs: ["double", "y"]) { graph, x in
            let double = graph.append("Mul", [x, scalar(&graph, 2)], name: "double")[0]
            graph.append("Mul", [double, double], name: "y")
        }
        let found = try derivatives.gradients(
            graph, of: ["y", "double"], at: ["x", "double", "y"], inputs: ["x": floats([1, 2, 3])],
            seeds: [floats([1, 1, 1]), floats([10, 0, 0])])
        #expect(found[2]?.floats == [1, 1, 1])
        #expect(found[1]?.floats == [14, 8, 12])
        #expect(found[0]?.floats == [28, 16, 24])
    }

    @Test func branchesWithoutInfluenceCostNothing() throws {
        let graph = try graph([2, 2], outputs: ["y", "unused"]) { graph, x in
            graph.append("Mul", [x, x], name: "y")
            // Det has no rule, and nothing asks for it.
            graph.append("Det", [x], name: "unused")
        }
        let derived = try derivatives.derivedGraph(graph, of: ["y"], at: ["x", "unused"])
        let unused = try #require(graph.value(named: "unused"))
        #expect(derived.cotangents[unused] == nil)
        #expect(derived.cotangents.count == 1)
        // Nodes before a target are not visited either.
        let above = try self.graph([3, 1, 1]) { graph, x in
            let before = graph.append("Det", [x], name: "before")[0]
            graph.append("Mul", [before, before], name: "y")
        }
        let found = try derivatives.gradients(
            above, of: ["y"], at: ["before"], inputs: ["x": floats([0, 1, 2], [3, 1, 1])], seeds: [floats([1, 1, 1])])
        #expect(found[0]?.floats == [0, 2, 4])
    }

    @Test func broadcastOperandsGetTheSum() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [2, 3])
        let row = graph.addInput("row", type: .float32, shape: [3])
        let column = graph.addInput("column", type: .float32, shape: [2, 1])
        let single = graph.addInput("single", type: .float32, shape: [1, 1, 1])
        var sum = x
        for other in [row, column] { sum = graph.append("Add", [sum, other], name: "sum")[0] }
        let y = graph.append("Add", [sum, single], name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: y)]
        let known = try derivatives.specialised(graph)
        let inputs = try [
            "x": floats([0, 0, 0, 0, 0, 0], [2, 3]), "row": floats([0, 0, 0]), "column": floats([0, 0], [2, 1]),
            "single": floats([0], [1, 1, 1]),
        ]
        let found = try derivatives.gradients(
            known, of: ["y"], at: ["x", "row", "column", "single"], inputs: inputs,
            seeds: [floats([1, 2, 3, 4, 5, 6], [1, 2, 3])])
        #expect(found[0] == (try floats([1, 2, 3, 4, 5, 6], [2, 3])))
        #expect(found[1] == (try floats([5, 7, 9])))
        #expect(found[2] == (try floats([6, 15], [2, 1])))
        #expect(found[3] == (try floats([21], [1, 1, 1])))
    }

    @Test func integersCarryNoGradient() throws {
        let graph = try graph { graph, x in
            let index = graph.append("ArgMax", [x], attributes: ["axis": .integer(0)], name: "index")[0]
            let float = graph.append("Cast", [index], attributes: ["to": .integer(1)], name: "float")[0]
            graph.append("Mul", [float, x], name: "y")
        }
        let found = try derivatives.gradients(
            graph, of: ["y"], at: ["x", "index"], inputs: ["x": floats([1, 2, 5])], seeds: [floats([1, 1, 1])])
        #expect(found[0]?.floats == [2, 2, 2])
        #expect(found[1] == nil)
    }

    @Test func aMissingRuleNamesOperatorAndNode() throws {
        let graph = try graph([2, 2]) { graph, x in
            let volume = graph.append("Det", [x], name: "volume", origin: Origin(name: "head/volume"))[0]
            graph.append("Mul", [volume, x], name: "y")
        }
        #expect(throws: DifferentiationError.noRule(operation: "Det", node: "Det 'head/volume'")) {
            try derivatives.derivedGraph(graph, of: ["y"], at: ["x"])
        }
    }

    @Test func bothFactorsWithoutShapeAreRefusedByName() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32)
        graph.append("Relu", [x], name: "y")
        graph.outputs = [Graph.Output(name: "y", value: try #require(graph.value(named: "y")))]
        #expect(throws: DifferentiationError.self) { try derivatives.derivedGraph(graph, of: ["y"], at: ["x"]) }
    }

    @Test func aDerivativeCanBeDifferentiatedAgain() throws {
        // y = σ(W x)², W = [[1, 2], [-1, 0.5]] as a Gemm; second derivative against differences of the first.
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [1, 2])
        let weight = graph.addConstant(try floats([1, 2, -1, 0.5], [2, 2]), name: "w")
        let product = graph.append("Gemm", [x, weight], attributes: ["transB": .integer(1)], name: "product")[0]
        let sigmoid = graph.append("Sigmoid", [product], name: "sigmoid")[0]
        let y = graph.append("Mul", [sigmoid, sigmoid], name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: y)]
        let known = try derivatives.specialised(graph)
        var derived = try derivatives.derivedGraph(known, of: ["y"], at: ["x"])
        let first = try #require(derived.cotangents.values.first)
        let seedName = derived.graph[derived.seeds[0]].name
        let firstName = derived.graph[first].name
        var twice = derived.graph
        twice.outputs = [Graph.Output(name: firstName, value: first)]
        twice = try derivatives.specialised(twice)
        let (point, seed) = (try floats([0.3, -0.7], [1, 2]), try floats([1, 2], [1, 2]))
        let direction: [Float] = [0.5, -1]
        let second = try derivatives.gradients(
            twice, of: [firstName], at: ["x"], inputs: ["x": point, seedName: seed], seeds: [floats(direction, [1, 2])])

        derived = try derivatives.derivedGraph(known, of: ["y"], at: ["x"])
        func slope(_ values: [Float]) throws -> Double {
            let gradient = try derivatives.gradients(
                known, of: ["y"], at: ["x"], inputs: ["x": floats(values, [1, 2])], seeds: [seed])
            return zip(try #require(gradient[0]).floats, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let step: Float = 1 / 64
        let numeric = [
            (try slope([0.3 + step, -0.7]) - slope([0.3 - step, -0.7])) / (2 * Double(step)),
            (try slope([0.3, -0.7 + step]) - slope([0.3, -0.7 - step])) / (2 * Double(step)),
        ]
        for (found, expected) in zip(try #require(second[0]).floats, numeric) {
            #expect(abs(Double(found) - expected) < 1e-3)
        }
        #expect(numeric.contains { abs($0) > 0.05 })
    }

    @Test func anExceptionOfTheCompositeWins() throws {
        struct Doubling: BackwardRule {
            func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
                guard let seed = step.resultCotangents[0] else { return step.none }
                return [Cotangent(step.scale(seed, by: 2), try step.shape(ofOperand: 0))]
            }
        }
        let graph = try graph { graph, x in
            let first = graph.append("Relu", [x], name: "first")[0]
            graph.append("Erf", [first], name: "y")
        }
        let composite = Composite([
            Composite.Exception(Doubling()) { node, _ in node.operation == "Erf" },
            Composite.Exception(Doubling()) { node, graph in
                node.output(0).map { graph[$0].name } == "first"
            },
        ])
        let found = try derivatives.gradients(
            graph, of: ["y"], at: ["x"], inputs: ["x": floats([-1, 0, 1])], seeds: [floats([1, 2, 3])], by: composite)
        #expect(found[0]?.floats == [4, 8, 12])
    }

    @Test func theForwardGraphIsUntouched() throws {
        let graph = try graph([1, 1, 2, 2]) { graph, x in
            graph.append("MaxPool", [x], attributes: ["kernel_shape": .integers([2, 2])], name: "y")
        }
        let before = graph.description
        _ = try derivatives.derivedGraph(graph, of: ["y"], at: ["x"])
        #expect(graph.description == before)
    }
}
