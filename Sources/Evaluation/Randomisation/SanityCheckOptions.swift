/// How a model is randomised.
package struct SanityCheckOptions: Sendable {
    /// Which blocks are randomised in one step.
    package enum Mode: String, Sendable, Codable, CaseIterable {
        /// From the scores down: every step randomises one block more.
        case cascading
        /// One block at a time, all others as they were trained.
        case independent
    }

    /// What is explained in a randomised model.
    package enum TargetChoice: String, Sendable, Codable, CaseIterable {
        /// The score that is explained in the model itself.
        case fixed
        /// What the randomised model finds most likely, as the paper's notebook has it.
        case rechosen
    }

    package var mode: Mode
    package var target: TargetChoice
    package var initialiser: Initialiser
    /// How many times everything is drawn; seeds 0, 1, ….
    package var seeds: Int
    package var division: RandomisationBlock.Division
    /// Whether running means and variances of normalisations become 0 and 1; they are no parameters, and stay by default.
    package var resetsStatistics: Bool
    /// How many noisy copies of a picture a map is the mean of (sMPRT); 0 explains the picture itself.
    package var copies: Int

    package init(
        mode: Mode = .cascading, target: TargetChoice = .fixed, initialiser: Initialiser = .byKind, seeds: Int = 1,
        division: RandomisationBlock.Division = .atMost(10), resetsStatistics: Bool = false, copies: Int = 0
    ) {
        self.mode = mode
        self.target = target
        self.initialiser = initialiser
        self.seeds = max(seeds, 1)
        self.division = division
        self.resetsStatistics = resetsStatistics
        self.copies = max(copies, 0)
    }
}
