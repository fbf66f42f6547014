package import Tensors

/// How a graph that was exported for a fixed number of samples is rewritten for any other.
///
/// The axis that carries the samples is followed from the inputs through every node (`RebatchingRules`); lengths that
/// contain the number of samples (the shapes of Reshape and Expand, sizes of Resize and Split, …) are written anew.
/// Only Reshape can leave open which axis it is (lengths of 1); then the first choice with which the rest of the graph
/// agrees is taken. `prove(by:)` checks the result by numbers.
package struct Rebatching: Sendable {
    /// The graph, specialised to its own number of samples.
    package let graph: Graph
    /// Its own number of samples.
    package let batch: Int
    /// For every value where its samples lie; nil where it does not depend on them.
    package let places: [BatchAxis?]
    private let steps: [RebatchingStep?]

    /// Follows the samples from `inputs`, whose first axis holds them.
    ///
    /// - Throws: `GraphError.fixedBatch` with the node that cannot take another number of samples.
    package init(_ graph: Graph, batch: Int, inputs: [ValueID]) throws(GraphError) {
        self.graph = graph
        self.batch = batch
        var choices: [Int] = []
        var first: GraphError?
        for _ in 0..<Self.attempts {
            var rules = RebatchingRules(graph: graph, batch: batch, inputs: inputs, choices: choices)
            do {
                steps = try rules.followSamples()
                places = rules.places
                return
            } catch {
                first = first ?? error
                guard let next = rules.nextChoices else { throw first ?? error }
                choices = next
            }
        }
        throw first ?? .fixedBatch(node: "the graph", reason: "its reshapes leave open where the samples lie")
    }

    /// How many readings of ambiguous reshapes are tried.
    private static let attempts = 64

    /// The shape that a value has for so many samples.
    package func shape(of value: ValueID, for count: Int) -> Shape? {
        guard let shape = graph.shape(of: value) else { return nil }
        return places[value.index]?.shape(shape, for: count) ?? shape
    }

    /// The graph for so many samples, specialised; every shape that the engine finds is checked.
    package func specialised(to count: Int, by evaluator: any GraphEvaluator) throws -> Graph {
        let rewritten = try rewritten(for: count)
        var shapes: [String: Shape] = [:]
        for input in rewritten.inputs { shapes[rewritten[input].name] = rewritten.shape(of: input) }
        let known = try rewritten.specialised(to: shapes, by: evaluator)
        for (index, value) in graph.values.enumerated() {
            guard places[index] != nil, let found = known.value(named: value.name).flatMap({ known.shape(of: $0) }),
                let expected = shape(of: ValueID(index: index), for: count), found != expected
            else { continue }
            throw GraphError.fixedBatch(
                node: "'\(value.name)'", reason: "it would have the shape \(found) instead of \(expected)")
        }
        return known
    }

    private func rewritten(for count: Int) throws -> Graph {
        var source = graph
        let nodes = try zip(graph.nodes, steps).map { node, step in
            try step.map { try rewritten(node, by: $0, for: count, in: &source) } ?? node
        }
        for (index, place) in places.enumerated() where place != nil {
            let value = ValueID(index: index)
            source[value].declared = nil
            source[value].shape = nil
        }
        for input in graph.inputs { source[input].shape = shape(of: input, for: count) }
        for output in graph.outputs { source[output.value].declared = nil }
        var rebuilder = GraphRebuilder(source)
        for input in source.inputs { rebuilder.copyInput(input) }
        for node in nodes { rebuilder.copy(node) }
        for output in source.outputs { rebuilder.copyOutput(output) }
        try rebuilder.graph.validate(after: "re-batching")
        return rebuilder.graph
    }

    private func rewritten(
        _ node: Node, by step: RebatchingStep, for count: Int, in source: inout Graph
    ) throws -> Node {
        var inputs = node.inputs
        for (index, place) in step.repeated.sorted(by: { $0.key < $1.key }) {
            guard let operand = node.input(index), let tensor = graph[operand].constant else { continue }
            inputs[index] = source.addConstant(
                try tensor.repeatingSample(place, from: batch, to: count), name: graph[operand].name)
        }
        for (index, lengths) in step.lengths.sorted(by: { $0.key < $1.key }) {
            while inputs.count <= index { inputs.append(nil) }
            let values = lengths.values(from: batch, to: count).map { Int64($0) }
            let type = node.input(index).flatMap { graph[$0].type } ?? .int64
            inputs[index] = source.addConstant(
                AnyTensor(Tensor(vector: values)).converted(to: type), name: "lengths")
        }
        return Node(
            node.operation, domain: node.domain, inputs: inputs, outputs: node.outputs,
            attributes: node.attributes.merging(step.attributes) { $1 }, captures: node.captures, origin: node.origin)
    }
}

/// What becomes of one node.
struct RebatchingStep {
    /// Where the samples lie in each result.
    var results: [BatchAxis?]
    /// Constant operands that must hold every sample, by position.
    var repeated: [Int: BatchAxis] = [:]
    /// Operands that hold lengths, by position.
    var lengths: [Int: Lengths] = [:]
    /// Attributes that change.
    var attributes: [String: Attribute] = [:]

    /// Integers, some of which are multiples of the number of samples.
    struct Lengths {
        var values: [Int]
        /// The positions of those that grow with the number of samples.
        var growing: Set<Int> = []

        func values(from batch: Int, to count: Int) -> [Int] {
            values.enumerated().map { growing.contains($0) ? $1 / batch * count : $1 }
        }
    }
}
