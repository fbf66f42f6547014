/// How a model is randomised.
public struct SanityCheckOptions: Sendable {
    /// Which blocks are randomised in one step.
    public enum Mode: String, Sendable, Codable, CaseIterable {
        /// From the scores down: every step randomises one block more.
        case cascading
        /// One block at a time, all others as they were trained.
        case independent
    }

    /// What is explained in a randomised model.
    public enum TargetChoice: String, Sendable, Codable, CaseIterable {
        /// The score that is explained in the model itself.
        case fixed
        /// What the randomised model finds most likely, as the paper's notebook has it.
        case rechosen
    }

    /// Which blocks are randomised in one step.
    public var mode: Mode
    /// What is explained in a randomised model.
    public var target: TargetChoice
    /// What fresh parameters are drawn from.
    public var initialiser: Initialiser
    /// How many draws every picture meets; no two pictures share one in the upper half.
    public var seeds: Int
    /// How many blocks the layers are divided into at most; nil makes every layer a block.
    public var blocks: Int?
    /// Whether only the upper half of the layers is randomised, which is enough for a verdict.
    public var isUpperHalfEnough: Bool
    /// Whether running means and variances of normalisations become 0 and 1; they are no parameters, and stay by default.
    public var resetsStatistics: Bool
    /// How many noisy copies of a picture a map is the mean of (sMPRT; Hedström et al. 2024); 0 explains the picture itself.
    public var copies: Int

    /// What is enough for a verdict on one map: the upper half of the layers; drawn five times, because only draws tell how sure a verdict
    /// on one picture is.
    public static let oneMap = SanityCheckOptions(seeds: 5, isUpperHalfEnough: true)

    /// Options; the defaults are the paper's, but for the number of blocks.
    public init(
        mode: Mode = .cascading, target: TargetChoice = .fixed, initialiser: Initialiser = .byKind, seeds: Int = 1,
        blocks: Int? = 10, isUpperHalfEnough: Bool = false, resetsStatistics: Bool = false, copies: Int = 0
    ) {
        self.mode = mode
        self.target = target
        self.initialiser = initialiser
        self.seeds = max(seeds, 1)
        self.blocks = blocks.map { max($0, 2) }
        self.isUpperHalfEnough = isUpperHalfEnough
        self.resetsStatistics = resetsStatistics
        self.copies = max(copies, 0)
    }
}
