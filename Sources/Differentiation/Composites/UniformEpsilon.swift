extension RelevanceComposite {
    /// LRP-ε everywhere.
    package static let epsilon = RelevanceComposite(EpsilonRelevance())
}
