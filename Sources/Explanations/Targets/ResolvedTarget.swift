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
