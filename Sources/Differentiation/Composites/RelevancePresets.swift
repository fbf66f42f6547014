/// Composites that the literature names.
extension RelevanceComposite {
    /// LRP-ε everywhere.
    package static let epsilon = RelevanceComposite(EpsilonRelevance())

    /// z^B at the pixels, γ for convolutions, ε for matrix products (Montavon et al. 2019); γ for results of either sign, because
    /// branches that are summed hand relevance to negative ones.
    package static func epsilonGammaBox(gamma: Double, _ bounds: BoxRelevance.Bounds) -> RelevanceComposite {
        var composite = RelevanceComposite(
            convolution: GeneralisedGammaRelevance(gamma: gamma), dense: EpsilonRelevance())
        composite.first = BoxRelevance(bounds)
        return composite
    }

    /// Flat at the pixels, z⁺ for convolutions, ε for matrix products (Lapuschkin et al. 2019; Kohlbrenner et al. 2020).
    package static let epsilonPlusFlat: RelevanceComposite = {
        var composite = RelevanceComposite(
            convolution: AlphaBetaRelevance(alpha: 1, beta: 0), dense: EpsilonRelevance())
        composite.first = FlatRelevance.flat
        return composite
    }()

    /// Flat at the pixels, α = 2 and β = 1 for convolutions, ε for matrix products (Kohlbrenner et al. 2020).
    package static let epsilonAlpha2Beta1Flat: RelevanceComposite = {
        var composite = RelevanceComposite(
            convolution: AlphaBetaRelevance(alpha: 2, beta: 1), dense: EpsilonRelevance())
        composite.first = FlatRelevance.flat
        return composite
    }()

    /// Excitation backpropagation (Zhang et al. 2016); a contrastive one subtracts at the last layers what the classes'
    /// negated weights would excite.
    package static func excitation(isContrastive: Bool) -> RelevanceComposite {
        var composite = RelevanceComposite(ExcitationRelevance())
        composite.last = ExcitationRelevance(isContrastive: isContrastive)
        composite.sumsArePositive = true
        return composite
    }

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
