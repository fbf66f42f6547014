/// What a spot check of a model found.
public struct VerificationReport: Sendable, Codable {
    /// The checks in the order in which they were made.
    public let checks: [VerificationCheck]

    /// Whether no check failed and at least one passed.
    public var passed: Bool {
        !checks.contains { $0.verdict == .failed } && checks.contains { $0.verdict == .passed }
    }
}

/// One comparison.
public struct VerificationCheck: Sendable, Codable {
    /// How a comparison came out.
    public enum Verdict: String, Sendable, Codable {
        /// The two sides agree.
        case passed
        /// They differ by more than rounding explains.
        case failed
        /// Rounding or kinks drown the comparison; it says nothing.
        case inconclusive
        /// The comparison does not apply.
        case skipped
    }

    /// What was compared.
    public let name: String
    /// Where and with what result, in words.
    public let detail: String
    /// The relative difference.
    public let difference: Double?
    /// What was allowed.
    public let tolerance: Double?
    /// The outcome.
    public let verdict: Verdict
}
