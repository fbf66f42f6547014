package import Graphs

/// A named way of going backward through a model: which composite, and what it starts from.
package struct BackwardRules: Sendable {
    /// What stands at the score when the way back begins.
    package enum Start: Sendable {
        /// The target's weights: a derivative.
        case weights
        /// The weights times the scored values: relevance, whose sum is the score.
        case weightedValues
    }

    /// Tells these rules, with their parameters, from all others.
    package let name: String
    /// What the way back starts from.
    package let start: Start
    /// The rules for a graph whose explained input is given.
    package let composite: @Sendable (_ graph: Graph, _ input: ValueID) throws -> Composite

    package init(
        name: String, start: Start = .weights,
        composite: @escaping @Sendable (_ graph: Graph, _ input: ValueID) throws -> Composite
    ) {
        self.name = name
        self.start = start
        self.composite = composite
    }

    /// The derivative.
    package static let derivative = BackwardRules(name: "derivative") { _, _ in .derivative }
}

extension BackwardRules: Hashable {
    package static func == (left: BackwardRules, right: BackwardRules) -> Bool { left.name == right.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
