import Differentiation
import Graphs
import Tensors
import Testing

/// Modified backward rules on graphs whose results can be written down.
@Suite struct CompositesTests {
    let derivatives: Derivatives

    init() throws { derivatives = try Derivatives() }

    private func graph(
        _ shape: Shape, _ build: (inout Graph, ValueID) throws -> ValueID
    ) throws -> Graph {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: shape)
        let y = try build(&graph, x)
        graph.outputs = [Graph.Output(name: "y", value: y)]
        return try derivatives.specialised(graph)
    }

    private func gradient(_ graph: Graph, _ x: [Float], seed: [Float], by composite: Composite) throws -> [Float] {
        let inputShape = try #require(graph.shape(of: graph.inputs[0]))
        let output = graph.outputs[0].value
        let outputShape = try #require(graph.shape(of: output))
        let found = try derivatives.gradients(
            graph, of: [graph[output].name], at: ["x"], inputs: ["x": floats(x, inputShape)],
            seeds: [floats(seed, outputShape)], by: composite)
        return try #require(found[0]).floats
    }

    private func clip(_ graph: inout Graph, _ x: ValueID, _ lower: Float, _ upper: Float?) throws -> ValueID {
        let bounds = try [lower, upper].map { try $0.map { graph.addConstant(try floats([$0], [])) } }
        return graph.append("Clip", [x] + bounds)[0]
    }

    @Test func guidedIsBackpropagationAndDeconvolutionOfOneLayer() throws {
        let graph = try graph([6]) { graph, x in graph.append("Relu", [x])[0] }
        let (x, seed): ([Float], [Float]) = ([-1, 2, 3, -4, 5, 0], [1, -2, 3, -4, 0, 7])
        let backpropagation = try gradient(graph, x, seed: seed, by: .derivative)
        let deconvolution = try gradient(graph, x, seed: seed, by: .deconvolution())
        let guided = try gradient(graph, x, seed: seed, by: .guidedBackpropagation())
        #expect(backpropagation == [0, -2, 3, 0, 0, 0])
        #expect(deconvolution == [1, 0, 3, 0, 0, 7])
        #expect(guided == [0, 0, 3, 0, 0, 0])
        #expect(guided == zip(backpropagation, deconvolution).map { $0 != 0 && $1 != 0 ? $0 : 0 })
    }

    /// `Σ relu(2x) - 3 · 2x`: hooks that overwrite the gradient of the rectifier's operand lose the second use (captum gives
    /// (0, 0) and (2, 2)).
    @Test func onlyTheRectifiersOwnPathIsGated() throws {
        let graph = try graph([2]) { graph, x in
            let double = graph.append("Mul", [x, graph.addConstant(try floats([2], []))])[0]
            let rectified = graph.append("Relu", [double])[0]
            let triple = graph.append("Mul", [double, graph.addConstant(try floats([3], []))])[0]
            return graph.append("Sub", [rectified, triple])[0]
        }
        #expect(try gradient(graph, [1, -1], seed: [1, 1], by: .guidedBackpropagation()) == [-4, -6])
        #expect(try gradient(graph, [1, -1], seed: [1, 1], by: .deconvolution()) == [-4, -4])
    }

    @Test func clipsAreRectifiersOnlyWhenAskedFor() throws {
        let (x, seed): ([Float], [Float]) = ([-1, 2, 2, 7, 6, 0], [1, 1, -1, 1, 1, 1])
        for upper in [6, nil] as [Float?] {
            let graph = try graph([6]) { graph, x in try clip(&graph, x, 0, upper) }
            let open: Float = upper == nil ? 1 : 0
            #expect(
                try gradient(graph, x, seed: seed, by: .guidedBackpropagation()) == [0, 1, -1, open, open, 0])
            #expect(
                try gradient(graph, x, seed: seed, by: .guidedBackpropagation(relu6: true))
                    == [0, 1, 0, open, open, 0])
            #expect(try gradient(graph, x, seed: seed, by: .deconvolution()) == [0, 1, -1, open, open, 0])
            #expect(try gradient(graph, x, seed: seed, by: .deconvolution(relu6: true)) == [1, 1, 0, 1, 1, 1])
        }
        // A clip that does not start at 0 is no rectifier.
        let other = try graph([2]) { graph, x in try clip(&graph, x, -1, 1) }
        #expect(try gradient(other, [0.5, 2], seed: [-1, 1], by: .guidedBackpropagation(relu6: true)) == [-1, 0])
        #expect(try gradient(other, [0.5, 2], seed: [-1, 1], by: .deconvolution(relu6: true)) == [-1, 0])
    }

    @Test func deconvolutionKeepsTheSwitchesOfMaxPooling() throws {
        let graph = try graph([1, 1, 2, 2]) { graph, x in
            let rectified = graph.append("Relu", [x])[0]
            return graph.append("MaxPool", [rectified], attributes: ["kernel_shape": .integers([2, 2])])[0]
        }
        #expect(try gradient(graph, [-1, 3, 2, 1], seed: [2], by: .deconvolution()) == [0, 2, 0, 0])
        // All windows are 0 behind the rectifier: the first element is the maximum, and no mask stops it.
        #expect(try gradient(graph, [-1, -3, -2, -1], seed: [2], by: .deconvolution()) == [2, 0, 0, 0])
        #expect(try gradient(graph, [-1, -3, -2, -1], seed: [2], by: .guidedBackpropagation()) == [0, 0, 0, 0])
    }

    @Test func withoutRectifiersAllAreTheGradient() throws {
        let graph = try graph([3]) { graph, x in
            graph.append("Mul", [x, graph.append("Sigmoid", [graph.append("LeakyRelu", [x])[0]])[0]])[0]
        }
        let (x, seed): ([Float], [Float]) = ([-1, 0.5, 2], [-1, 1, 2])
        let gradient = try gradient(graph, x, seed: seed, by: .derivative)
        for composite in [Composite.guidedBackpropagation(relu6: true), .deconvolution(relu6: true)] {
            #expect(try self.gradient(graph, x, seed: seed, by: composite) == gradient)
        }
    }
}
