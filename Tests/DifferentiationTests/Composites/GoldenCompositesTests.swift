import Differentiation
import Foundation
import Graphs
import ONNXFormat
import Tensors
import TestSupport
import Testing

/// Modified backward passes against autograd functions written from the papers, in float64 (`Scripts/golden/composites.py`):
/// functional and reused rectifiers, a rectifier behind a sum, ReLU6, overlapping max pooling, gates, recurrent cells.
@Suite struct GoldenCompositesTests {
    struct Network: Decodable, Sendable {
        let tolerance: Double
        let model: Data
        let scores: [Double]
        let x: Values
        let reference: Values
        let weights: Values
        let expected: [String: Values]
    }

    struct Values: Decodable, Sendable {
        let shape: [Int]
        let values: [Double]

        func tensor() throws -> AnyTensor {
            AnyTensor(try Tensor(shape: Shape(shape), elements: values.map { Float($0) }))
        }
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
    static let networks = ["chain", "clipped", "gated", "recurrent", "residual"]
    let derivatives: Derivatives

    init() throws { derivatives = try Derivatives() }

    static func network(_ name: String) throws -> Network {
        try Golden.decode(Network.self, "composites/\(name).json", beside: folder)
    }

    private func graph(_ network: Network) throws -> Graph {
        let imported = try Graph(Upgrades.apply(to: ONNXFile.read(data: network.model)))
        return try imported.specialised(to: ["x": Shape(network.x.shape)], by: derivatives.evaluator)
    }

    private func gradient(_ graph: Graph, _ network: Network, by composite: Composite) throws -> [Float] {
        var inputs = ["x": try network.x.tensor()]
        if graph.value(named: "reference.x") != nil { inputs["reference.x"] = try network.reference.tensor() }
        let found = try derivatives.gradients(
            graph, of: ["y"], at: ["x"], inputs: inputs, seeds: [network.weights.tensor()], by: composite)
        return try #require(found[0]).floats
    }

    private func expectEqual(_ found: [Float], _ name: String, in network: Network) throws {
        let expected = try #require(network.expected[name]).values
        try #require(found.count == expected.count)
        let largest = expected.map(abs).max() ?? 0
        let error = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
        #expect(largest > 0 && error <= network.tolerance * largest, "\(name): \(error / largest)")
    }

    @Test(arguments: networks) func guidedBackpropagation(_ name: String) throws {
        let network = try Self.network(name)
        let graph = try graph(network)
        try expectEqual(gradient(graph, network, by: .guidedBackpropagation()), "guided", in: network)
        try expectEqual(
            gradient(graph, network, by: .guidedBackpropagation(relu6: true)), "guided-relu6", in: network)
    }

    @Test(arguments: networks) func deconvolution(_ name: String) throws {
        let network = try Self.network(name)
        let graph = try graph(network)
        try expectEqual(gradient(graph, network, by: .deconvolution()), "deconvolution", in: network)
        try expectEqual(gradient(graph, network, by: .deconvolution(relu6: true)), "deconvolution-relu6", in: network)
    }

    @Test(arguments: networks) func deepLIFT(_ name: String) throws {
        let network = try Self.network(name)
        let graph = try graph(network)
        let run = try ReferenceRun(
            graph, from: try #require(graph.value(named: "x")), to: [try #require(graph.value(named: "y"))])
        let found = try gradient(run.graph, network, by: .deepLIFT(reference: run.activations))
        try expectEqual(found, "deeplift", in: network)
        let terms = zip(found, zip(network.x.values, network.reference.values)).map { Double($0) * ($1.0 - $1.1) }
        let difference = network.scores[0] - network.scores[1]
        #expect(abs(terms.reduce(0, +) - difference) <= 1e-4 * abs(difference))
    }

    @Test(arguments: networks) func activationHull(_ name: String) throws {
        let network = try Self.network(name)
        let graph = try graph(network)
        let run = try ReferenceRun(
            graph, from: try #require(graph.value(named: "x")), to: [try #require(graph.value(named: "y"))])
        try expectEqual(
            gradient(run.graph, network, by: .activationHull(of: run.activations)), "hull", in: network)
    }

    /// The files tell the rules apart.
    @Test func theRulesDiffer() throws {
        let clipped = try Self.network("clipped").expected
        #expect(clipped["guided"]?.values != clipped["guided-relu6"]?.values)
        #expect(clipped["deconvolution"]?.values != clipped["deconvolution-relu6"]?.values)
        for name in Self.networks {
            let expected = try Self.network(name).expected
            #expect(Set(["guided", "deconvolution", "deeplift", "hull"].map { expected[$0]?.values }).count == 4)
        }
    }
}
