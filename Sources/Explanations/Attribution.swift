public import Graphs
public import Tensors

/// The raw answer of one method.
public struct Attribution: Sendable {
    /// Which method, and the label of its result.
    public let method: MethodSpecification
    /// The raw numbers: signed, not normalised, `[B, …]`.
    public let values: Tensor<Float>
    /// The layer, where the method has one.
    public let layer: LayerChoice?
    /// The explained score of every sample.
    public let scores: [Float]
    /// What a user should know.
    public let notes: [String]

    func with(layer: LayerChoice) -> Attribution {
        Attribution(method: method, values: values, layer: layer, scores: scores, notes: notes)
    }
}
