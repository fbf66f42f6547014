import Differentiation
import Graphs
import Runtime
import Tensors
import Testing

/// Runs graphs and their derivatives for the tests.
struct Derivatives {
    let engine: ONNXRuntimeEngine
    let evaluator: EngineEvaluator

    init() throws {
        engine = try ONNXRuntimeEngine()
        evaluator = EngineEvaluator(engine)
    }

    /// The graph with all shapes known; its inputs have fixed shapes.
    func specialised(_ graph: Graph) throws -> Graph { try graph.specialised(to: [:], by: evaluator) }

    /// The outputs of a graph.
    func outputs(_ graph: Graph, _ inputs: [String: AnyTensor]) throws -> [AnyTensor] {
        try engine.load(graph).run(inputs, outputs: graph.outputs.map(\.name))
    }

    /// The gradient of `Σ seeds · outputs` with respect to values by name; nil for values without influence.
    func gradients(
        _ graph: Graph, of outputs: [String], at targets: [String], inputs: [String: AnyTensor],
        seeds: [AnyTensor], by composite: Composite = .derivative
    ) throws -> [AnyTensor?] {
        let derived = try derivedGraph(graph, of: outputs, at: targets, by: composite)
        var feed = inputs
        for (seed, tensor) in zip(derived.seeds, seeds) { feed[derived.graph[seed].name] = tensor }
        var program = derived.graph
        let values = try targets.map { derived.cotangents[try #require(graph.value(named: $0))] }
        program.outputs = values.compactMap { $0 }.map { Graph.Output(name: program[$0].name, value: $0) }
        guard !program.outputs.isEmpty else { return values.map { _ in nil } }
        program = program.eliminatingDeadNodes(keepingInputs: false)
        feed = feed.filter { name, _ in program.inputs.contains { program[$0].name == name } }
        let results = try engine.load(program).run(feed)
        return values.map { value in value.flatMap { results[derived.graph[$0].name] } }
    }

    func derivedGraph(
        _ graph: Graph, of outputs: [String], at targets: [String], by composite: Composite = .derivative
    ) throws -> DerivedGraph {
        let derived = try graph.differentiated(
            try outputs.map { try #require(graph.value(named: $0)) },
            withRespectTo: try targets.map { try #require(graph.value(named: $0)) }, by: composite)
        try derived.graph.validate(after: "differentiation")
        return derived
    }
}

func floats(_ values: [Float], _ shape: Shape? = nil) throws -> AnyTensor {
    AnyTensor(try Tensor(shape: shape ?? [values.count], elements: values))
}
