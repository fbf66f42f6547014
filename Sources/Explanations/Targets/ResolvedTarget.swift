package import Graphs
package import Tensors

/// A target on a model of known shapes: the values that it reads, and the weight of every element of them.
package struct ResolvedTarget: Sendable {
    /// One value that the target reads, with a weight per element, of the value's shape.
    package struct Part: Sendable {
        package let value: ValueID
        package let weights: Tensor<Float>
    }

    /// Each value once.
    package let parts: [Part]
    /// What a user should know: the target is a probability, say.
    package let notes: [String]
}

/// Turns targets into weights over outputs; may append a softmax to the graph.
package struct TargetResolver {
    /// The model, specialised; extended where a target asks for a probability.
    package private(set) var graph: Graph
    /// The number of samples that the graph takes at once.
    package let batch: Int
    /// Which of all samples these are, for masks with a row per sample.
    private let samples: [Int]
    /// The number of all samples.
    private let sampleCount: Int
    /// Reads a mask file of a target.
    package let readMask: @Sendable (String) throws -> Tensor<Float>
    private var text = ""
    private var notes: [String] = []

    /// A resolver for `batch` samples; `samples` tells which they are of `sampleCount`, where there are more.
    package init(
        graph: Graph, batch: Int, samples: [Int]? = nil, of sampleCount: Int? = nil,
        readMask: @escaping @Sendable (String) throws -> Tensor<Float>
    ) {
        self.graph = graph
        self.batch = batch
        self.samples = samples ?? Array(0..<batch)
        self.sampleCount = sampleCount ?? batch
        self.readMask = readMask
    }

    /// Weights over one value; `open` tells which elements of a sample are selected, before mean or sum closes them.
    private struct Selected {
        let value: ValueID
        /// Per sample, the flat positions behind the batch axis.
        let positions: [[Int]]
        var isClosed: Bool
        /// What divides each sample's elements, for means.
        var counts: [Int]?
    }

    package mutating func resolve(_ target: Target, text: String) throws -> ResolvedTarget {
        self.text = text
        notes = []
        var weights: [ValueID: Tensor<Float>] = [:]
        try add(target, factor: 1, to: &weights)
        let parts = weights.sorted { $0.key < $1.key }.map { ResolvedTarget.Part(value: $0.key, weights: $0.value) }
        return ResolvedTarget(parts: parts, notes: notes)
    }

    private mutating func add(
        _ target: Target, factor: Double, to weights: inout [ValueID: Tensor<Float>]
    ) throws {
        if case .combination(let terms) = target {
            for term in terms { try add(term.target, factor: factor * term.factor, to: &weights) }
            return
        }
        let selected = try select(target)
        guard let shape = graph.shape(of: selected.value) else {
            throw problem("the shape of '\(graph[selected.value].name)' is not known")
        }
        let count = selected.positions.map(\.count).max() ?? 0
        guard selected.isClosed || count == 1 else {
            throw problem("it stands for \(count) numbers a sample; use mean(…) or sum(…), or give more indices")
        }
        let perSample = max(shape.count / batch, 1)
        var sum = weights[selected.value] ?? Tensor(repeating: 0, shape: shape)
        sum.mutateElements { elements in
            for (sample, positions) in selected.positions.enumerated() {
                let weight = Float(factor) / Float(selected.counts?[sample] ?? 1)
                for position in positions { elements[sample * perSample + position] += weight }
            }
        }
        weights[selected.value] = sum
    }

    private mutating func select(_ target: Target) throws -> Selected {
        switch target {
        case .elements(let source, let selection):
            let value = try output(source)
            noteProbability(value)
            return try select(selection, of: value)
        case .mean(let inner, let mask):
            return try average(try select(inner), mask: mask)
        case .sum(let inner):
            var selected = try select(inner)
            selected.isClosed = true
            return selected
        case .probability(let inner): return try moved(inner, by: { try $0.probability(of: $1) })
        case .logit(let inner): return try moved(inner, by: { try $0.logit(of: $1) })
        case .combination: throw problem("sums and differences stand outside of mean, sum, prob and logit")
        }
    }

    /// The same elements of a value of equal shape: the softmax of an output, or what enters its softmax.
    private mutating func moved(
        _ target: Target, by move: (inout TargetResolver, ValueID) throws -> ValueID
    ) throws -> Selected {
        let kept = notes
        let selected = try select(target)
        notes = kept
        let value = try move(&self, selected.value)
        return Selected(
            value: value, positions: selected.positions, isClosed: selected.isClosed, counts: selected.counts)
    }

    private func average(_ selected: Selected, mask: String?) throws -> Selected {
        guard !selected.isClosed else {
            guard mask == nil else { throw problem("a mask stands in the innermost mean") }
            return selected
        }
        var positions = selected.positions
        if let mask {
            let tensor = try readMask(mask)
            positions = try positions.enumerated().map { sample, all in
                let values =
                    tensor.shape.count == all.count
                    ? tensor.elements[...]
                    : tensor.shape.count == all.count * sampleCount
                        ? tensor.elements[samples[sample] * all.count..<(samples[sample] + 1) * all.count] : []
                guard values.count == all.count else {
                    throw problem("the mask has shape \(tensor.shape), and \(all.count) numbers are left to average")
                }
                return zip(all, values).filter { $1 == 1 }.map(\.0)
            }
        }
        let counts = positions.map(\.count)
        guard counts.allSatisfy({ $0 > 0 }) else { throw problem("the mask selects nothing") }
        return Selected(value: selected.value, positions: positions, isClosed: true, counts: counts)
    }

    private func output(_ source: Target.Source) throws -> ValueID {
        let names = graph.outputs.map(\.name)
        switch source {
        case .number(let number):
            guard graph.outputs.indices.contains(number) else {
                throw problem(
                    "it has \(names.count) outputs (\(names.joined(separator: ", "))), and #\(number) is none of them")
            }
            return graph.outputs[number].value
        case .name(let name):
            guard let output = graph.outputs.first(where: { $0.name == name }) else {
                throw problem("no output is named '\(name)'; there are \(names.joined(separator: ", "))")
            }
            return output.value
        }
    }

    private func select(_ selection: Target.Selection, of value: ValueID) throws -> Selected {
        guard let shape = graph.shape(of: value) else {
            throw problem("the shape of '\(graph[value].name)' is not known")
        }
        let hasBatch = shape.rank > 0 && shape[0] == batch && (shape.rank > 1 || batch > 1 || shape.count == 1)
        let axes = hasBatch ? Array(shape.dimensions.dropFirst()) : shape.dimensions
        guard hasBatch || batch == 1 else {
            throw problem("'\(graph[value].name)' has shape \(shape), which has no axis for the \(batch) samples")
        }
        switch selection {
        case .whole:
            return Selected(
                value: value, positions: Array(repeating: Array(0..<Shape(axes).count), count: batch), isClosed: false)
        case .element(let indices):
            let positions = try flat(indices, in: axes, of: value)
            return Selected(value: value, positions: Array(repeating: positions, count: batch), isClosed: false)
        case .perSample(let indices):
            guard indices.count == batch else {
                throw problem("it names \(indices.count) elements for \(batch) samples; give one each")
            }
            return Selected(
                value: value, positions: try indices.map { try flat([$0], in: axes, of: value) }, isClosed: false)
        }
    }

    /// The positions that these leading indices leave open.
    private func flat(_ indices: [Int], in axes: [Int], of value: ValueID) throws -> [Int] {
        guard indices.count <= axes.count || (axes.isEmpty && indices == [0]) else {
            throw problem("\(indices.count) indices for '\(graph[value].name)', which has \(axes.count) axes a sample")
        }
        var start = 0
        var rest = Shape(axes).count
        for (index, length) in zip(indices, axes) {
            guard index < length else {
                throw problem(
                    "index \(index) is beyond the last of \(length) (0 to \(length - 1)) in '\(graph[value].name)'")
            }
            rest /= length
            start += index * rest
        }
        return Array(start..<start + rest)
    }

    // MARK: Softmax

    private mutating func noteProbability(_ value: ValueID) {
        guard isProbability(value) else { return }
        notes.append(
            "'\(graph[value].name)' is a softmax probability, whose gradient vanishes where the model is sure; logit(…) explains the value before it"
        )
    }

    private func logit(of value: ValueID) throws -> ValueID {
        guard let node = trailing(["Softmax", "LogSoftmax"], behind: value), let operand = node.input(0),
            graph.shape(of: operand)?.count == graph.shape(of: value)?.count
        else { return value }
        return operand
    }

    /// The node of one of these kinds that a value comes from, by way of nodes that keep every sample's numbers in
    /// order.
    private func trailing(_ operations: Set<String>, behind value: ValueID) -> Node? {
        var current = value
        while let node = graph.producingNode(of: current), let operand = node.input(0) {
            if node.domain.isEmpty, operations.contains(node.operation) { return node }
            let keepsOrder = ["Identity", "Dropout", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze"]
            guard keepsOrder.contains(node.operation),
                graph.shape(of: operand)?.dimensions.first == graph.shape(of: current)?.dimensions.first
            else { return nil }
            current = operand
        }
        return nil
    }

    private mutating func probability(of value: ValueID) throws -> ValueID {
        if isProbability(value) { return value }
        // The name tells whose probability it is: compiled questions are known by the names of what they score.
        let name = "probability.\(graph[value].name)"
        if let known = graph.value(named: name), graph.producingNode(of: known)?.input(0) == value { return known }
        guard let shape = graph.shape(of: value) else { throw problem("the shape of its output is not known") }
        let axes = shape.dimensions.indices.filter { $0 > 0 || (shape.rank == 1 && batch == 1) }
        guard let axis = axes.first(where: { shape.dimensions[$0] > 1 }) else {
            throw problem("'\(graph[value].name)' has shape \(shape), one number a sample, and a softmax needs several")
        }
        let softmax = graph.append("Softmax", [value], attributes: ["axis": .integer(axis)], name: name)[0]
        graph[softmax].type = graph[value].type
        graph[softmax].shape = shape
        return softmax
    }

    /// Whether a value is a softmax, perhaps under another name or shape.
    private func isProbability(_ value: ValueID) -> Bool { trailing(["Softmax"], behind: value) != nil }

    private func problem(_ reason: String) -> ExplanationError { .target(text: text, reason: reason) }
}
