package import Graphs
import Tensors

/// The backward rules of layer-wise relevance propagation: what flows is the relevance of each element instead of its
/// cotangent, and every rule divides the relevance of a result among its operands (Bach et al. 2015).
///
/// Linear layers go by the rules given here. For all other operators: what moves or selects elements moves relevance back
/// (max pooling gives it to the maximum); activations and constant factors pass it on; sums, average pooling and
/// interpolation divide it in proportion to the terms; the deviation of a normalisation, a divisor and a gate
/// (`x sigmoid(y)`, squeeze-and-excitation, those of recurrent cells) count as constants; two factors of any other product get
/// half each. Biases take part in the denominators and keep their share. ε stands in the denominators of layers with weights alone
/// (convolutions, matrix products, normalisations and biases by themselves); what has none divides in exact proportion.
package struct RelevanceComposite: Sendable {
    /// The rule of convolutions.
    package var convolution: any RelevanceRule
    /// The rule of matrix products.
    package var dense: any RelevanceRule
    /// The rule of the linear layers that are reached first from the explained value; nil where they are as others.
    package var first: (any RelevanceRule)?
    /// The rule of the linear layers behind which no other leads to the scored values; nil where they are as others.
    package var last: (any RelevanceRule)?
    /// Whether attention counts as a weight of what it attends to, which gets all relevance; otherwise each gets half.
    package var attentionIsWeight = true
    /// Whether sums and averages count the positive parts of their terms only.
    package var sumsArePositive = false
    /// What keeps divisions by small numbers small at layers with weights; 0 divides in proportion there too.
    package var epsilon = 1e-6

    package init(convolution: any RelevanceRule, dense: any RelevanceRule) {
        self.convolution = convolution
        self.dense = dense
    }

    /// One rule for all linear layers.
    package init(_ rule: any RelevanceRule) { self.init(convolution: rule, dense: rule) }

    /// The rules for the nodes of a graph behind the explained value; the last layers are those in front of the scored
    /// values.
    package func composite(for graph: Graph, explaining explained: ValueID, scored: [ValueID] = []) -> Composite {
        composite(for: graph, explaining: [explained], scored: scored)
    }

    /// The same for several explained values.
    func composite(for graph: Graph, explaining explained: [ValueID], scored: [ValueID] = []) -> Composite {
        let planned = PlannedRule(rules: RelevancePlan(self, GraphUse(graph, explained: explained), scored).rules)
        return Composite([Composite.Exception(planned) { node, _ in planned.rule(for: node) != nil }])
    }
}

/// Rules that were chosen node by node; a node is known by its first result.
private struct PlannedRule: BackwardRule {
    let rules: [ValueID: any BackwardRule]

    var character: RuleCharacter { .modified }

    func rule(for node: Node) -> (any BackwardRule)? { node.results.first.flatMap { rules[$0] } }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let rule = rule(for: step.node) else {
            throw .noRule(operation: step.node.qualifiedOperation, node: step.label)
        }
        return try rule.cotangents(&step)
    }
}
