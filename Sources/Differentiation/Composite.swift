package import Graphs

/// Which rule answers for which node: named exceptions in order, then the true derivative.
package struct Composite: Sendable {
    /// A rule for the nodes that it applies to.
    package struct Exception: Sendable {
        package let applies: @Sendable (Node, Graph) -> Bool
        package let rule: any BackwardRule

        package init(_ rule: any BackwardRule, where applies: @escaping @Sendable (Node, Graph) -> Bool) {
            self.rule = rule
            self.applies = applies
        }
    }

    /// Tried in order; the first that applies answers.
    package let exceptions: [Exception]

    package init(_ exceptions: [Exception] = []) {
        self.exceptions = exceptions
    }

    /// The true derivative everywhere.
    package static let derivative = Composite()

    /// The rule for a node, nil where the operator has none.
    package func rule(for node: Node, in graph: Graph) -> (any BackwardRule)? {
        if let exception = exceptions.first(where: { $0.applies(node, graph) }) { return exception.rule }
        return node.domain.isEmpty ? RuleCatalogue.rules[node.operation] : nil
    }
}
