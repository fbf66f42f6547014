public import Runtime
public import Tensors

/// How much a method that runs the model many times may use, and who wants to hear of it.
public struct RunSettings: Sendable {
    /// Bytes that the values of one run may take beside the weights; they set how many rows run at once.
    public var memory: Int
    /// What one run, a picture or a file may take at most: the bound of everything that an input's numbers decide.
    public var memoryBound: MemoryBudget
    /// When a map has to be ready: the method stops with what it has; nil lets it finish.
    public var time: Duration?
    /// Ends methods early: they keep what they have.
    public var cancellation: RunCancellation?
    /// Told after every run.
    public var progress: (@Sendable (RunProgress) -> Void)?
    /// What the input's numbers mean; nil where nobody knows.
    public var space: InputSpace?

    /// Settings; 256 MiB (more is slower: values leave the processor's caches) and all the time that is needed by default.
    public init(
        memory: Int = 1 << 28, time: Duration? = nil, cancellation: RunCancellation? = nil,
        progress: (@Sendable (RunProgress) -> Void)? = nil, space: InputSpace? = nil,
        memoryBound: MemoryBudget = .ofMachine
    ) {
        self.memory = memory
        self.memoryBound = memoryBound
        self.time = time
        self.cancellation = cancellation
        self.progress = progress
        self.space = space
    }
}

/// How far a method has come.
public struct RunProgress: Sendable, Hashable {
    /// The method's label.
    public let label: String
    /// How many changed inputs were run.
    public let done: Int
    /// How many there are.
    public let total: Int
    /// The time since the method began.
    public let elapsed: Duration

    package init(label: String, done: Int, total: Int, elapsed: Duration) {
        self.label = label
        self.done = done
        self.total = total
        self.elapsed = elapsed
    }

    /// The time that the rest takes at the same rate; nil before the first run.
    public var remaining: Duration? { done > 0 ? elapsed * (Double(total - done) / Double(done)) : nil }
}

/// What black and white are in the numbers that the model takes, channel by channel in the model's order.
public struct InputSpace: Sendable, Hashable {
    /// A black pixel.
    public let black: [Float]
    /// A white pixel.
    public let white: [Float]

    /// The colours of a model's input; one number a channel.
    public init(black: [Float], white: [Float]) {
        self.black = black
        self.white = white
    }
}
