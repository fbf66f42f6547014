extension RelevanceComposite {
    /// Flat at the pixels, α = 2 and β = 1 for convolutions, ε for matrix products (Kohlbrenner et al. 2020).
    package static let epsilonAlpha2Beta1Flat: RelevanceComposite = {
        var composite = RelevanceComposite(
            convolution: AlphaBetaRelevance(alpha: 2, beta: 1), dense: EpsilonRelevance())
        composite.first = FlatRelevance.flat
        return composite
    }()
}
