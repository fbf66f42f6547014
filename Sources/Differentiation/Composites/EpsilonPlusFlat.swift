extension RelevanceComposite {
    /// Flat at the pixels, z⁺ for convolutions, ε for matrix products (Lapuschkin et al. 2019; Kohlbrenner et al. 2020).
    package static let epsilonPlusFlat: RelevanceComposite = {
        var composite = RelevanceComposite(
            convolution: AlphaBetaRelevance(alpha: 1, beta: 0), dense: EpsilonRelevance())
        composite.first = FlatRelevance.flat
        return composite
    }()
}
