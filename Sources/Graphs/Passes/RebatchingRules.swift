import Tensors

/// Follows the samples of a batch through a graph of known shapes.
struct RebatchingRules {
    let graph: Graph
    let batch: Int
    /// Where the samples lie in every value, as far as followed.
    private(set) var places: [BatchAxis?]
    /// Which reading of each ambiguous reshape is taken, in the order of the nodes.
    private var choices: [Int]
    private var alternatives: [Int] = []

    init(graph: Graph, batch: Int, inputs: [ValueID], choices: [Int]) {
        self.graph = graph
        self.batch = batch
        self.choices = choices
        places = [BatchAxis?](repeating: nil, count: graph.values.count)
        for input in inputs { places[input.index] = BatchAxis(0) }
    }

    /// The choices to try after a failure: the last ambiguous reshape read in its next way.
    var nextChoices: [Int]? {
        var next = choices
        while next.count < alternatives.count { next.append(0) }
        next = Array(next.prefix(alternatives.count))
        while let last = next.indices.last {
            if next[last] + 1 < alternatives[last] {
                next[last] += 1
                return next
            }
            next.removeLast()
        }
        return nil
    }

    mutating func followSamples() throws(GraphError) -> [RebatchingStep?] {
        var steps: [RebatchingStep?] = []
        for node in graph.nodes {
            guard node.operands.contains(where: { places[$0.index] != nil }) else {
                steps.append(nil)
                continue
            }
            let step = try self.step(for: node)
            for (output, place) in zip(node.outputs, step.results) {
                guard let output, let place else { continue }
                let shape = try shape(output, of: node)
                guard place.axis < shape.count, shape[place.axis] == place.length(for: batch) else {
                    throw obstacle(node, "the samples meet another axis of it")
                }
                places[output.index] = place
            }
            for (index, place) in step.repeated { try checkRepeats(index, place, of: node) }
            steps.append(step)
        }
        for output in graph.outputs {
            guard let place = places[output.value.index], !place.isFirst else { continue }
            throw .fixedBatch(node: "'\(output.name)'", reason: "its first axis is not the samples'")
        }
        return steps
    }

    /// A constant that takes part in a batch must say the same about every sample.
    private func checkRepeats(_ index: Int, _ place: BatchAxis, of node: Node) throws(GraphError) {
        guard let operand = node.input(index), let tensor = graph[operand].constant else {
            throw obstacle(node, "an operand that is the same for all samples is no constant")
        }
        guard (try? tensor.isSame(along: place, batch: batch)) == true else {
            throw obstacle(node, "a constant of it differs from sample to sample")
        }
    }

    // MARK: What rules need

    func place(_ node: Node, _ index: Int) -> BatchAxis? { node.input(index).flatMap { places[$0.index] } }

    func shape(_ value: ValueID?, of node: Node) throws(GraphError) -> [Int] {
        guard let value, let shape = graph.shape(of: value) else {
            throw obstacle(node, "a shape of it is not known")
        }
        return shape.dimensions
    }

    func integers(_ node: Node, _ index: Int) throws(GraphError) -> [Int]? {
        guard let value = node.input(index) else { return nil }
        guard let constant = graph[value].constant else {
            throw obstacle(node, "it computes lengths or positions from the picture's contents")
        }
        return constant.integers
    }

    func obstacle(_ node: Node, _ reason: String) -> GraphError {
        .fixedBatch(node: graph.label(node), reason: reason)
    }

    /// The place of operand 0, which alone may depend on the samples.
    func solePlace(_ node: Node, _ index: Int = 0) throws(GraphError) -> BatchAxis {
        let others = node.inputs.indices.contains { $0 != index && place(node, $0) != nil }
        guard let place = place(node, index), !others, node.captures.isEmpty else {
            throw obstacle(node, "the samples enter it at an unusual place")
        }
        return place
    }

    func same(_ node: Node, _ place: BatchAxis) -> RebatchingStep {
        RebatchingStep(results: Array(repeating: place, count: node.outputs.count))
    }

    /// One of several readings; the same every time for the same choices.
    mutating func choose<Reading>(_ readings: [Reading]) -> Reading? {
        guard readings.count > 1 else { return readings.first }
        let position = alternatives.count
        alternatives.append(readings.count)
        return readings[position < choices.count ? choices[position] : 0]
    }
}
