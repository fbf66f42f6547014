package import Graphs
package import Tensors

/// Turns targets into weights over values; may append nodes to the graph: a softmax, a norm, an error.
package struct TargetResolver {
    /// The model, specialised; extended where a target asks for what it does not compute.
    package internal(set) var graph: Graph
    /// The number of samples that the graph takes at once.
    package let batch: Int
    /// The input that an error is measured from; nil is the first.
    let input: String?
    /// Which of all samples these are, for masks with a row per sample.
    private let samples: [Int]
    /// The number of all samples.
    private let sampleCount: Int
    /// Reads a mask file of a target.
    package let readMask: @Sendable (String) throws -> Tensor<Float>
    private var text = ""
    private var notes: [String] = []

    /// What is taken in place of the selected elements.
    private enum Form {
        case asItIs
        case logit
        case probability
    }

    /// A resolver for `batch` samples; `samples` tells which they are of `sampleCount`, where there are more.
    package init(
        graph: Graph, batch: Int, input: String? = nil, samples: [Int]? = nil, of sampleCount: Int? = nil,
        readMask: @escaping @Sendable (String) throws -> Tensor<Float>
    ) {
        self.graph = graph
        self.batch = batch
        self.input = input
        self.samples = samples ?? Array(0..<batch)
        self.sampleCount = sampleCount ?? batch
        self.readMask = readMask
    }

    /// The elements of a value that a term selects; mean and sum close what indices left open.
    private struct Selected {
        let value: ValueID
        /// Per sample, the flat positions behind the batch axis.
        var positions: [[Int]]
        var isClosed = false
        /// What divides each sample's elements, for means.
        var counts: [Int]?
        var form = Form.asItIs
        /// Per sample, a weight for every position; nil is 1 throughout.
        var factors: [[Float]]?
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
            throw problem(
                "it stands for \(count) numbers a sample of \(described(selected.value)); use mean(…) or sum(…), or give more indices"
            )
        }
        let perSample = max(shape.count / batch, 1)
        var flat: [Int] = []
        var share: [Float] = []
        for (sample, positions) in selected.positions.enumerated() {
            let weight = Float(factor) / Float(selected.counts?[sample] ?? 1)
            flat += positions.map { sample * perSample + $0 }
            share += selected.factors?[sample].map { $0 * weight } ?? Array(repeating: weight, count: positions.count)
        }
        for part in try sources(of: flat, in: selected.value, form: selected.form) {
            guard let shape = graph.shape(of: part.value) else {
                throw problem("the shape of '\(graph[part.value].name)' is not known")
            }
            var sum = weights[part.value] ?? Tensor(repeating: 0, shape: shape)
            sum.mutateElements { elements in
                for (position, member) in zip(part.positions, part.members) {
                    elements[position] += share[member] / part.factor
                }
            }
            weights[part.value] = sum
        }
    }

    /// Where the selected elements are taken from.
    private mutating func sources(of flat: [Int], in value: ValueID, form: Form) throws -> [TracedElements] {
        var whole = TracedElements(value: value, positions: flat, members: Array(flat.indices))
        switch form {
        case .asItIs:
            if let note = probabilityNote(flat, of: value) { notes.append(note) }
            return [whole]
        case .logit: return graph.logits(of: flat, in: value)
        case .probability:
            if let factor = graph.probabilityFactor(flat, of: value) {
                whole.factor = factor
                return [whole]
            }
            return [
                TracedElements(value: try probability(of: value), positions: flat, members: whole.members)
            ]
        }
    }

    private mutating func select(_ target: Target) throws -> Selected {
        switch target {
        case .elements(let source, let selection): return try select(selection, of: try output(source))
        case .mean(let inner, let mask): return try average(try select(inner), mask: mask)
        case .sum(let inner):
            var selected = try select(inner)
            selected.isClosed = true
            return selected
        case .probability(let inner):
            var selected = try select(inner)
            selected.form = .probability
            return selected
        case .logit(let inner):
            var selected = try select(inner)
            selected.form = .logit
            return selected
        case .energy(let inner): return try energy(of: try whole(inner, of: "energy"))
        case .cosine(let inner, let file): return try cosine(of: try whole(inner, of: "cosine"), to: file)
        case .dot(let inner, let file): return try dot(try whole(inner, of: "dot"), with: file)
        case .error(let inner, let file, let isAbsolute):
            let value = try whole(inner, of: isAbsolute ? "absolute-error" : "error")
            return Selected(
                value: try error(of: value, from: file, isAbsolute: isAbsolute),
                positions: Array(repeating: [0], count: batch), isClosed: true)
        case .combination: throw problem("sums and differences stand outside of mean, sum, prob and logit")
        }
    }

    /// The output that a target names without selecting anything of it.
    private mutating func whole(_ target: Target, of function: String) throws -> ValueID {
        if case .elements(let source, .whole) = target { return try output(source) }
        // Where a whole output is needed, a number alone can only be a name.
        if case .elements(.number(0), .element(let indices)) = target, indices.count == 1, let number = indices[0],
            graph.outputs.contains(where: { $0.name == String(number) })
        {
            return try output(.name(String(number)))
        }
        throw problem("\(function)(…) takes a whole output, by its name")
    }

    /// Half the squared length, one number a sample.
    private mutating func energy(of value: ValueID) throws -> Selected {
        Selected(
            value: try halfSquaredNorm(of: graph.unnormalised(value)),
            positions: Array(repeating: [0], count: batch), isClosed: true)
    }

    /// The output's direction, weighted by the direction of what a file holds.
    private mutating func cosine(of value: ValueID, to file: String) throws -> Selected {
        let rows = try vectors(in: file, for: value).map { row in
            let length = row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            guard length > 0, length.isFinite else { throw problem("'\(file)' holds a vector without a direction") }
            return row.map { Float(Double($0) / length) }
        }
        return weighted(try direction(of: value), by: rows)
    }

    /// A whole output, weighted by what a file holds.
    private func dot(_ value: ValueID, with file: String) throws -> Selected {
        let rows = try vectors(in: file, for: value)
        guard rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw problem("'\(file)' holds values that are NaN or infinite")
        }
        return weighted(value, by: rows)
    }

    /// Every element of a value with its weight.
    private func weighted(_ value: ValueID, by rows: [[Float]]) -> Selected {
        Selected(
            value: value, positions: rows.map { Array($0.indices) }, isClosed: true, factors: rows)
    }

    /// The vector of every sample in a file, which holds one for all or one each.
    func vectors(in file: String, for value: ValueID) throws -> [[Float]] {
        let perSample = (graph.shape(of: value)?.count ?? 0) / max(batch, 1)
        let reference = try readMask(file)
        guard perSample > 0, reference.shape.count == perSample || reference.shape.count == perSample * sampleCount
        else {
            throw problem(
                "'\(file)' holds \(reference.shape.count) numbers, and '\(graph[value].name)' has \(perSample) a sample"
            )
        }
        let shared = reference.shape.count == perSample
        return (0..<batch).map { sample in
            let start = shared ? 0 : samples[sample] * perSample
            return Array(reference.elements[start..<start + perSample])
        }
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
        var averaged = selected
        averaged.positions = positions
        averaged.isClosed = true
        averaged.counts = counts
        return averaged
    }

    /// The vector of every sample in a file, one after the other.
    func rows(in file: String, for value: ValueID) throws -> [Float] {
        try vectors(in: file, for: value).flatMap { $0 }
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
                value: value, positions: Array(repeating: Array(0..<Shape(axes).count), count: batch))
        case .element(let indices):
            let positions = try flat(indices, in: axes, of: value)
            return Selected(value: value, positions: Array(repeating: positions, count: batch))
        case .perSample(let indices):
            guard indices.count == batch else {
                throw problem("it names \(indices.count) elements for \(batch) samples; give one each")
            }
            return Selected(
                value: value, positions: try indices.map { try flat([$0], in: axes, of: value) })
        }
    }

    /// The positions that these leading indices leave open; nil leaves a whole axis open.
    private func flat(_ indices: [Int?], in axes: [Int], of value: ValueID) throws -> [Int] {
        guard indices.count <= axes.count || (axes.isEmpty && indices == [0]) else {
            throw problem(
                "\(indices.count) indices for \(described(value)), which has \(axes.count) axes a sample")
        }
        var rest = Shape(axes).count
        var starts = [0]
        for (index, length) in zip(indices, axes) {
            guard index ?? 0 < length else {
                throw problem(
                    "index \(index ?? 0) is beyond the last of \(length) (0 to \(length - 1)) in \(described(value))")
            }
            rest /= length
            let along = index.map { $0...$0 } ?? 0...length - 1
            starts = starts.flatMap { start in along.map { start + $0 * rest } }
        }
        return rest == 1 ? starts : starts.flatMap { $0..<$0 + rest }
    }

    /// `'boxes' [1, 4420, 4]`
    private func described(_ value: ValueID) -> String {
        let name = graph.outputs.first { $0.value == value }?.name ?? graph[value].name
        return "'\(name)'" + (graph.shape(of: value).map { " \($0)" } ?? "")
    }

    func problem(_ reason: String) -> ExplanationError { .target(text: text, reason: reason) }
}
