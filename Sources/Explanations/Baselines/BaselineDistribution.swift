import Tensors

/// Inputs that say nothing, to be drawn from: every kind of a baseline alike, noise anew each time, a file's rows alike.
struct BaselineDistribution: Sendable {
    private enum Source: Sendable {
        case inputs([Tensor<Float>])
        case noise(seed: UInt64)
    }

    private let sources: [Source]
    private let input: Tensor<Float>
    private let planes: PicturePlanes?

    /// The distribution for an experiment; a file may hold any number of inputs.
    init(_ baseline: Baseline, for experiment: Experiment) throws {
        input = experiment.input
        planes = experiment.knownPlanes
        sources = try baseline.kinds.map { kind in
            switch kind {
            case .noise(let seed): return .noise(seed: seed)
            case .file(let values) where values.shape.rank == experiment.input.shape.rank:
                guard values.shape.dimensions.dropFirst() == experiment.input.shape.dimensions.dropFirst(),
                    values.shape[0] > 0
                else {
                    throw ExplanationError.parameter(
                        method: experiment.label, name: "baseline",
                        reason:
                            "the file holds \(values.shape), which is no stack of inputs of shape \(experiment.input.shape)"
                    )
                }
                return .inputs(
                    try (0..<values.shape[0]).map { try values.slice($0).reshaped(experiment.input.shape) })
            default: return .inputs([try baseline.input(kind, for: experiment)])
            }
        }
    }

    /// One of the inputs; the same for the same state of the generator.
    func draw(_ generator: inout SeededGenerator) -> Tensor<Float> {
        switch sources[Int.random(in: sources.indices, using: &generator)] {
        case .inputs(let inputs): return inputs[Int.random(in: inputs.indices, using: &generator)]
        case .noise(let seed):
            return Baseline.noise(like: input, planes: planes, seed: generator.next() ^ seed)
        }
    }
}
