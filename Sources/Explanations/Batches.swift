import Graphs
import Tensors

/// The samples of a question, in portions of the size that the model takes.
struct Batches {
    /// The number of portions.
    let count: Int
    /// The number of samples in each; the last portion repeats its last sample to fill up.
    let size: Int
    /// The name of the explained input.
    let explained: String
    /// The number of all samples.
    let samples: Int
    /// What a user should know: the samples ran in portions, say.
    let notes: [String]
    private let inputs: [String: AnyTensor]
    /// Which sample of the question each row stands for, and how many the question has.
    private let origins: [Int]
    let originalSamples: Int
    /// Inputs that all samples share.
    private let shared: Set<String>

    /// - Parameters:
    ///   - origins: Which sample of the question each row is a copy of; nil where rows are the samples.
    ///   - total: How many samples the question has then.
    init(
        _ given: [String: AnyTensor], for attributor: Attributor, explained: String?, origins: [Int]? = nil,
        of total: Int? = nil
    ) throws {
        let ports = attributor.model.inputs
        let names = ports.map(\.name)
        var inputs: [String: AnyTensor] = [:]
        for port in ports {
            guard let tensor = given[port.name] else {
                throw GraphError.unknownInput(name: port.name, known: names)
            }
            inputs[port.name] = tensor.converted(to: port.elementType)
        }
        if let stranger = given.keys.sorted().first(where: { !names.contains($0) }) {
            throw GraphError.unknownInput(name: stranger, known: names)
        }
        guard let name = explained ?? names.first, let tensor = inputs[name]
        else { throw GraphError.unknownInput(name: explained ?? "", known: names) }
        let isOneSample = try attributor.isOneSample(inputs.mapValues(\.shape), input: name)
        samples = isOneSample || tensor.shape.rank == 0 ? 1 : tensor.shape[0]
        guard samples > 0 else { throw ExplanationError.batch(reason: "the input '\(name)' holds no sample") }
        self.explained = name
        self.origins = origins ?? Array(0..<samples)
        originalSamples = total ?? samples
        self.inputs = inputs
        guard let batch = try attributor.fixedBatch(for: inputs.mapValues(\.shape)) else {
            (size, count, shared, notes) = (samples, 1, [], [])
            return
        }
        guard batch.inputs.contains(name), batch.samples == samples else {
            throw ExplanationError.batch(
                reason: "'\(name)' holds \(samples) samples, and \(batch.inputs[0]) holds \(batch.samples)")
        }
        shared = Set(inputs.keys).subtracting(batch.inputs)
        switch attributor.support(for: batch) {
        case .any:
            let portions = (samples + attributor.largestBatch - 1) / attributor.largestBatch
            size = (samples + portions - 1) / portions
            notes = []
        case .impossible(let error): throw error
        case .fixed(let reason):
            size = batch.size
            notes = [
                "the model takes \(size) sample\(size == 1 ? "" : "s") at once, so \(samples) ran one portion after the other. \(reason)"
            ]
        }
        count = (samples + size - 1) / size
    }

    /// The inputs of one portion.
    func inputs(of batch: Int) throws -> [String: AnyTensor] {
        guard count > 1 || size != samples else { return inputs }
        return try Dictionary(
            uniqueKeysWithValues: inputs.map { name, tensor in
                (name, shared.contains(name) ? tensor : try tensor.rows(self.samples(of: batch)))
            })
    }

    /// Which samples one portion holds.
    func samples(of batch: Int) -> [Int] { (0..<size).map { min(batch * size + $0, samples - 1) } }

    /// Which samples of the question the rows of one portion stand for.
    func origins(of batch: Int) -> [Int] { samples(of: batch).map { origins[$0] } }

    /// The target of one portion: a target per sample is divided like the samples.
    func target(_ target: Target, of batch: Int) -> Target {
        guard count > 1 || size != samples || origins != Array(0..<originalSamples) else { return target }
        switch target {
        case .elements(let source, .perSample(let indices)) where indices.count == originalSamples:
            return .elements(source, .perSample(origins(of: batch).map { indices[$0] }))
        case .elements, .energy, .cosine, .dot, .error: return target
        case .mean(let inner, let mask): return .mean(self.target(inner, of: batch), mask: mask)
        case .sum(let inner): return .sum(self.target(inner, of: batch))
        case .probability(let inner): return .probability(self.target(inner, of: batch))
        case .logit(let inner): return .logit(self.target(inner, of: batch))
        case .combination(let terms):
            return .combination(
                terms.map { Target.Term($0.factor, self.target($0.target, of: batch)) })
        }
    }

    /// The portions' results, one behind the other, without what filled up.
    func joined(_ parts: [[Attribution]]) throws -> [Attribution] {
        guard count > 1 || size != samples, let first = parts.first else { return parts.first ?? [] }
        return try first.indices.map { index in
            let pieces = parts.map { $0[index] }
            // Of several pictures of a sample each has a row.
            let pictures = (pieces[0].values.shape.dimensions.first ?? 0) / size
            guard pictures > 0, pieces[0].values.shape[0] == size * pictures else {
                throw ExplanationError.batch(
                    reason:
                        "the result of \(pieces[0].method.label) has shape \(pieces[0].values.shape), whose first axis is not the \(size) samples that the model takes at once; give so many samples"
                )
            }
            let shape = Shape([samples * pictures] + pieces[0].values.shape.dimensions.dropFirst())
            let elements = pieces.flatMap(\.values.elements).prefix(shape.count)
            return Attribution(
                method: pieces[0].method, values: try Tensor(shape: shape, elements: Array(elements)),
                layer: pieces[0].layer, scores: Array(pieces.flatMap(\.scores).prefix(samples)),
                checks: Array(pieces.flatMap(\.checks).prefix(samples)), notes: pieces[0].notes)
        }
    }
}
