public import Tensors

/// Which score a compiled explanation is about.
public enum CompilationTarget: Sendable, Hashable {
    /// The highest class of every sample, found inside the graph, which tells it as the output `target`.
    case top
    /// A class for every sample, which the graph takes as the input `target`.
    case input
    /// A target of the grammar, the same in every run.
    case fixed(Target, text: String)

    /// Reads `top1`, `input` or a target of the grammar.
    public init(parsing text: String) throws(ExplanationError) {
        switch text {
        case "top1": self = .top
        case "input": self = .input
        default: self = .fixed(try Target(parsing: text), text: text)
        }
    }

    /// As it is written.
    public var text: String {
        switch self {
        case .top: "top1"
        case .input: "input"
        case .fixed(_, let text): text
        }
    }
}

/// What a compiled explanation should be.
public struct CompilationRequest: Sendable {
    /// The method with its parameters.
    public var method: MethodSpecification
    /// The score.
    public var target: CompilationTarget
    /// A tensor or layer name; nil is the automatic choice.
    public var layer: String?
    /// The input that is explained; nil is the first.
    public var explained: String?
    /// The shape of every input, samples along the first axis.
    public var shapes: [String: Shape]
    /// How many copies of the model a run may hold at once (`memory`), and what colours mean (`space`).
    public var settings: RunSettings
    /// Reads a mask or vector that the target names.
    package var readMask: @Sendable (String) throws -> Tensor<Float> = { try Numpy.read(path: $0).floatTensor }

    /// A request for a model that takes inputs of these shapes.
    public init(
        method: MethodSpecification, target: CompilationTarget = .top, layer: String? = nil, explained: String? = nil,
        shapes: [String: Shape], settings: RunSettings = RunSettings()
    ) {
        self.method = method
        self.target = target
        self.layer = layer
        self.explained = explained
        self.shapes = shapes
        self.settings = settings
    }
}
