import Graphs

/// Relevance through a node that stands for several: recurrent layers and deformable convolutions.
///
/// Recurrent cells go by LRP-all (Arras et al. 2017, 2019): the weights of input and state together are one linear layer, gates are
/// weights, the signal that they let through takes all, and sums of states divide in proportion. Given initial states and biases
/// keep their share. The offsets and the mask of a deformable convolution are weights.
struct ExpandedRelevanceRule: BackwardRule {
    let expansion: any OperatorExpansion
    let composite: RelevanceComposite
    /// Whether no linear layer lies in front of the node.
    let isFirst: Bool

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        if let obstacle = expansion.obstacleForRelevance(step.node) {
            throw .unsupported(node: step.label, reason: obstacle)
        }
        let isRecurrent = step.node.hasInnerActivations
        guard !(composite.sumsArePositive && isRecurrent) else {
            throw .unsupported(
                node: step.label,
                reason:
                    "excitation backpropagation is defined for activations that are not negative, and recurrent states are"
            )
        }
        var inner = composite
        inner.attentionIsWeight = true
        inner.last = nil
        if !isFirst { inner.first = nil }
        if !isRecurrent { inner.dense = composite.convolution }
        // The contents: input and states, not what weighs them.
        let contents = isRecurrent ? [0, 5, 6] : [0]
        let wanted = step.wanted
        step.wanted = wanted.indices.map { contents.contains($0) && wanted[$0] }
        defer { step.wanted = wanted }
        let rule = ExpandedRule(expansion, isLayered: true) { [inner] expanded, _ in
            inner.composite(
                for: expanded.graph,
                explaining: contents.compactMap { $0 < expanded.operands.count ? expanded.operands[$0] : nil })
        }
        return try rule.cotangents(&step)
    }
}
