public import Graphs
public import Tensors

/// The raw answer of one method.
public struct Attribution: Sendable {
    /// Which method, and the label of its result.
    public let method: MethodSpecification
    /// The raw numbers: signed, not normalised, `[B, …]`.
    public let values: Tensor<Float>
    /// The layer, where the method has one.
    public internal(set) var layer: LayerChoice?
    /// The explained score of every sample.
    public let scores: [Float]
    /// What the method measured about itself, sample by sample.
    public internal(set) var checks: [[SelfCheck]] = []
    /// Further arrays by name, `[B, …]`: standard errors, channel weights.
    public internal(set) var companions: [String: Tensor<Float>] = [:]
    /// Seconds that it took; methods that are graphs share their run, and each says its whole length.
    public internal(set) var seconds = 0.0
    /// What a user should know.
    public internal(set) var notes: [String]

    /// One sample's raw result, without the axis of samples.
    ///
    /// - Throws: `ExplanationError.unsuitable` where a sample has several maps, because its layer holds several pictures of it.
    package func raw(ofSample sample: Int) throws -> Tensor<Float> {
        let rows = try values.divided(into: scores.count)
        let pictures = layer?.layer.layout.map { max($0.batch / max(scores.count, 1), 1) } ?? 1
        guard pictures == 1 || rows.shape.dimensions == values.shape.dimensions else {
            throw ExplanationError.unsuitable(
                method: method.name,
                reason:
                    "its layer '\(layer?.layer.name ?? "")' holds \(pictures) pictures of one sample, and each has a map of its own; 'gaze attribute' writes them all, or name a layer of the whole picture with --layer"
            )
        }
        return rows.slice(sample)
    }

    func with(reason: String) -> Attribution {
        var copy = self
        copy.layer = layer.map { LayerChoice(layer: $0.layer, reason: reason) }
        return copy
    }

    /// The mean over all samples as the result of one; scores, too. Checks and further arrays are left out.
    package func averagedOverSamples() -> Attribution {
        guard let count = values.shape.dimensions.first, count > 1 else { return self }
        let size = values.elements.count / count
        var mean = Tensor<Float>(repeating: 0, shape: Shape([1] + values.shape.dimensions.dropFirst()))
        mean.mutateElements { elements in
            for (index, value) in values.elements.enumerated() { elements[index % size] += value / Float(count) }
        }
        let score = scores.reduce(0) { $0 + Double($1) } / Double(max(scores.count, 1))
        return Attribution(
            method: method, values: mean, layer: layer, scores: [Float(score)], seconds: seconds, notes: notes)
    }
}
