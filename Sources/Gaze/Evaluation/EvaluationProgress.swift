public import Reports

/// How far an evaluation is.
public struct EvaluationProgress: Sendable, Hashable {
    /// How many pictures are measured, or known from the store.
    public let done: Int
    /// How many could not be read or measured.
    public let failed: Int
    /// How many there are.
    public let total: Int
    /// How many of them were computed, not read from the store.
    public let computed: Int
    /// The time since the start.
    public let elapsed: Duration

    /// Whether every picture was reached.
    public var isOver: Bool { done + failed >= total }

    /// The time that the rest takes if none of it is known; nil before the first picture that is computed.
    public var remaining: Duration? {
        computed > 0 ? elapsed * (Double(total - done - failed) / Double(computed)) : nil
    }
}

/// Who wants to hear of an evaluation while it goes on.
public struct EvaluationListener {
    /// Told one sentence about what went wrong.
    public var said: (String) -> Void
    /// Told after every picture.
    public var progress: (EvaluationProgress) -> Void
    /// Given the results of a picture, method by method.
    public var found: ([EvaluationRecord]) throws -> Void

    /// A listener; nobody listens by default.
    public init(
        said: @escaping (String) -> Void = { _ in }, progress: @escaping (EvaluationProgress) -> Void = { _ in },
        found: @escaping ([EvaluationRecord]) throws -> Void = { _ in }
    ) {
        self.said = said
        self.progress = progress
        self.found = found
    }
}
