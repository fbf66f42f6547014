extension RelevanceComposite {
    /// AttnLRP for token models (Achtibat et al. 2024): ε for linear layers, or γ where it is positive, half to each factor
    /// of a matrix product, the first-order contributions of a softmax.
    package static func attention(gamma: Double, epsilon: Double) -> RelevanceComposite {
        var composite = RelevanceComposite(
            gamma > 0 ? GeneralisedGammaRelevance(gamma: gamma) : EpsilonRelevance() as any RelevanceRule)
        composite.attentionIsWeight = false
        composite.epsilon = epsilon
        return composite
    }
}
