import Differentiation
import Graphs
import Runtime
import Tensors
import Testing

/// Operators that go back as the nodes that they stand for: recurrent layers, deformable convolutions.
@Suite struct ExpandedRuleTests {
    let derivatives: Derivatives

    init() throws { derivatives = try Derivatives() }

    /// With `h_t = x_t + h_{t-1} / 2` the last state's derivative is `2^(t - T + 1)`.
    @Test(arguments: [4, 64, 300]) func aLinearCellForgetsByHalves(_ steps: Int) throws {
        let graph = try linear(steps: steps)
        let x = try floats((0..<steps).map { Float($0 % 5) }, [steps, 1, 1])
        let found = try derivatives.gradients(
            graph, of: ["last"], at: ["x"], inputs: ["x": x], seeds: [floats([1], [1, 1, 1])])
        let expected = (0..<steps).map { Float(sign: .plus, exponent: max($0 - steps + 1, -126), significand: 1) }
        #expect(try zip(#require(found[0]).floats, expected).allSatisfy { abs($0 - $1) <= 1e-6 * $1 + 1e-37 })
    }

    /// Cells read their weights; none has a copy.
    @Test func weightsStandInTheGraphOnce() throws {
        func largeConstants(_ steps: Int) throws -> Int {
            let graph = try memory(steps: steps, hidden: 16)
            let derived = try derivatives.derivedGraph(graph, of: ["y"], at: ["x"])
            return derived.graph.values.count { ($0.constant?.shape.count ?? 0) >= 16 * 16 }
        }
        #expect(try largeConstants(12) == largeConstants(2))
    }

    /// Beside the way back the engine's own node computes the results, to the last bit.
    @Test func theForwardResultsStay() throws {
        let graph = try memory(steps: 5, hidden: 3)
        let x = try floats((0..<10).map { Float($0) / 8 - 0.5 }, [5, 1, 2])
        let before = try derivatives.outputs(graph, ["x": x])
        let derived = try derivatives.derivedGraph(graph, of: ["y"], at: ["x"])
        #expect(derived.graph.nodes.count { $0.operation == "LSTM" } == 1)
        var program = derived.graph
        let gradient = try #require(derived.cotangents[graph.inputs[0]])
        program.outputs = graph.outputs + [Graph.Output(name: "gradient", value: gradient)]
        let seed = try floats([Float](repeating: 1, count: 15), [5, 1, 1, 3])
        let both = try derivatives.engine.load(program).run(["x": x, program[derived.seeds[0]].name: seed])
        #expect(both["y"] == before[0])
    }

    @Test(
        arguments: FiniteDifferenceTests.recurrentCases + FiniteDifferenceTests.spectralCases
            + FiniteDifferenceTests.deformableCases)
    func theDerivativeIsDifferentiable(_ example: FiniteDifferenceTests.Case) throws {
        try CentralDifferences().checkSecondUse(example, seed: FiniteDifferenceTests.seed)
    }

    // MARK: What has no rule is refused by name

    @Test func gatesWithoutAGatesActivationHaveNoRelevance() throws {
        let graph = try memory(
            steps: 2, hidden: 2, ["activations": .strings(["Tanh", "Tanh", "Tanh"])])
        try expectRefusal(relevance(.epsilon, of: graph), of: graph, "LSTM 'memory'", "the activation 'Tanh' is none")
        let other = try memory(
            steps: 2, hidden: 2, ["activations": .strings(["Sigmoid", "Sigmoid", "Tanh"])])
        try expectRefusal(relevance(.epsilon, of: other), of: other, "LSTM 'memory'", "'Sigmoid' stands for content")
    }

    @Test func excitationNeedsStatesThatAreNotNegative() throws {
        let graph = try memory(steps: 2, hidden: 2)
        let excitation = relevance(.excitation(isContrastive: false), of: graph)
        try expectRefusal(excitation, of: graph, "LSTM 'memory'", "activations that are not negative")
    }

    @Test func anUnrolledLayerHasBounds() throws {
        let graph = try linear(steps: 5000)
        try expectRefusal(.derivative, of: graph, "RNN 'cells'", "5000 steps")
    }

    @Test func aHalfSpectrumOfAnotherLengthIsNoTransform() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [1, 5, 2])
        let (length, axis) = (
            graph.addConstant(AnyTensor(Tensor<Int64>(4))), graph.addConstant(AnyTensor(Tensor<Int64>(1)))
        )
        let y = graph.append(
            "DFT", [x, length, axis], attributes: ["inverse": .integer(1), "onesided": .integer(1)],
            origin: Origin(name: "signal"))[0]
        graph.outputs = [Graph.Output(name: "y", value: y)]
        try expectRefusal(.derivative, of: derivatives.specialised(graph), "DFT 'signal'", "length 4")
    }

    private func relevance(_ composite: RelevanceComposite, of graph: Graph) -> Composite {
        composite.composite(for: graph, explaining: graph.inputs[0])
    }

    private func expectRefusal(_ composite: Composite, of graph: Graph, _ node: String, _ reason: String) throws {
        #expect {
            try graph.differentiated([graph.outputs[0].value], withRespectTo: [graph.inputs[0]], by: composite)
        } throws: { error in
            guard case DifferentiationError.unsupported(node, let found)? = error as? DifferentiationError else {
                return false
            }
            return found.contains(reason)
        }
    }

    // MARK: Graphs

    /// `h_t = x_t + h_{t-1} / 2`.
    private func linear(steps: Int) throws -> Graph {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [steps, 1, 1])
        let (w, r) = (graph.addConstant(try floats([1], [1, 1, 1])), graph.addConstant(try floats([0.5], [1, 1, 1])))
        let outputs = graph.append(
            "RNN", [x, w, r],
            attributes: [
                "hidden_size": .integer(1), "activations": .strings(["Affine"]), "activation_alpha": .floats([1]),
            ], outputCount: 2, name: "y", origin: Origin(name: "cells"))
        let last = graph.append("Identity", [outputs[1]], name: "last")[0]
        graph.outputs = [Graph.Output(name: "last", value: last)]
        return try derivatives.specialised(graph)
    }

    private func memory(steps: Int, hidden: Int, _ attributes: [String: Attribute] = [:]) throws -> Graph {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [steps, 1, 2])
        func weights(_ columns: Int) throws -> ValueID {
            let values = (0..<4 * hidden * columns).map { Float(($0 * 7) % 13 - 6) / 16 }
            return graph.addConstant(try floats(values, [1, 4 * hidden, columns]))
        }
        let y = graph.append(
            "LSTM", [x, try weights(2), try weights(hidden)],
            attributes: attributes.merging(["hidden_size": .integer(hidden)]) { $1 }, name: "y",
            origin: Origin(name: "memory"))[0]
        graph.outputs = [Graph.Output(name: "y", value: y)]
        return try derivatives.specialised(graph)
    }
}
