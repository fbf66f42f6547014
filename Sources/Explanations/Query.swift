package import Graphs
package import Tensors

/// Everything that is asked of a model at once.
package struct Query: Sendable {
    /// A tensor per input, sample by sample along the first axis.
    package var inputs: [String: AnyTensor]
    /// The score, and the words that it was asked in.
    package var target: Target
    package var text: String
    /// What is asked.
    package var methods: [MethodSpecification]
    /// The layer that somebody named.
    package var layer: String?
    /// What stands instead of the automatic choice, for methods that leave the choice open.
    package var chosen: LayerChoice?
    /// The input that is explained; nil is the first.
    package var explained: String?
    /// Which sample of a larger question each row is a copy of; nil where rows are the samples.
    package var origins: [Int]?
    /// How many samples that question has.
    package var samples: Int?
    /// Whether results that show nothing are looked into: not worth it for the many runs inside of a method.
    package var diagnoses = true
    /// Reads a mask file that the target names.
    package var readMask: @Sendable (String) throws -> Tensor<Float>

    package init(
        inputs: [String: AnyTensor], target: Target, text: String = "", methods: [MethodSpecification],
        layer: String? = nil, chosen: LayerChoice? = nil, explained: String? = nil, origins: [Int]? = nil,
        samples: Int? = nil,
        readMask: @escaping @Sendable (String) throws -> Tensor<Float> = { try Numpy.read(path: $0).floatTensor }
    ) {
        self.inputs = inputs
        self.target = target
        self.text = text
        self.methods = methods
        self.layer = layer
        self.chosen = chosen
        self.explained = explained
        self.origins = origins
        self.samples = samples
        self.readMask = readMask
    }
}
