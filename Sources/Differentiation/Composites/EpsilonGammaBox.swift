extension RelevanceComposite {
    /// z^B at the pixels, γ for convolutions, ε for matrix products (Montavon et al. 2019); γ for results of either sign, because
    /// branches that are summed hand relevance to negative ones.
    package static func epsilonGammaBox(gamma: Double, _ bounds: BoxRelevance.Bounds) -> RelevanceComposite {
        var composite = RelevanceComposite(
            convolution: GeneralisedGammaRelevance(gamma: gamma), dense: EpsilonRelevance())
        composite.first = BoxRelevance(bounds)
        return composite
    }
}
