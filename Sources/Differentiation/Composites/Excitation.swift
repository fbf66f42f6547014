extension RelevanceComposite {
    /// Excitation backpropagation (Zhang et al. 2016); a contrastive one subtracts at the last layers what the classes'
    /// negated weights would excite.
    package static func excitation(isContrastive: Bool) -> RelevanceComposite {
        var composite = RelevanceComposite(ExcitationRelevance())
        composite.last = ExcitationRelevance(isContrastive: isContrastive)
        composite.sumsArePositive = true
        composite.epsilon = 0
        return composite
    }
}
