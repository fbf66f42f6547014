package import Graphs
import Tensors

/// Writes one node as several of operators that have backward rules, for the way back alone: forward the engine keeps the node.
package protocol OperatorExpansion: Sendable {
    /// Appends what computes the node's results from the operands that `builder` holds; one value a result.
    func expand(
        _ step: BackwardStep, into builder: inout ExpansionBuilder
    ) throws(DifferentiationError) -> [ValueID?]

    /// Why relevance has no rule at the node; nil where it has.
    func obstacleForRelevance(_ node: Node) -> String?
}

extension OperatorExpansion {
    package func obstacleForRelevance(_ node: Node) -> String? { nil }
}

extension Node {
    /// How the node is written as several for the way back; nil where its own rule does without.
    var expansion: (any OperatorExpansion)? {
        domain.isEmpty ? (RuleCatalogue.rules[operation] as? ExpandedRule)?.expansion : nil
    }
}

/// A node written as several, as a graph of its own.
package struct ExpandedNode: Sendable {
    /// Every value has its type and shape.
    let graph: Graph
    /// For every operand of the node the input that stands for it.
    let operands: [ValueID?]
    /// For every result of the node what computes it.
    let results: [ValueID?]

    /// The expansion of a step's node.
    ///
    /// - Parameter isLayered: Whether every product with weights is one linear layer of all that it weighs, as relevance needs it;
    ///   otherwise what can be computed for all steps at once is.
    init(_ expansion: any OperatorExpansion, _ step: BackwardStep, isLayered: Bool) throws(DifferentiationError) {
        var builder = ExpansionBuilder(step, isLayered: isLayered)
        var operands: [ValueID?] = []
        for operand in step.node.inputs {
            guard let operand else {
                operands.append(nil)
                continue
            }
            let value = step.graph[operand]
            guard let type = value.type, let shape = value.shape else {
                throw .unknownShape(value: value.name, node: step.label)
            }
            operands.append(builder.graph.addInput(value.name, type: type, shape: shape))
        }
        builder.operands = operands
        results = try expansion.expand(step, into: &builder)
        self.operands = operands
        graph = builder.graph
    }
}

/// Goes back through the nodes that a node stands for.
struct ExpandedRule: BackwardRule {
    let expansion: any OperatorExpansion
    /// Chooses the rules of the nodes; nil takes the derivative.
    private var composite: (@Sendable (ExpandedNode, BackwardStep) -> Composite)?
    /// The activations at a reference input, where the rules compare with those.
    private var reference:
        (activations: ReferenceActivations, composite: @Sendable (ReferenceActivations) -> Composite)?
    private var isLayered = false

    /// The derivative.
    init(_ expansion: any OperatorExpansion) { self.expansion = expansion }

    /// Other rules for the nodes.
    init(
        _ expansion: any OperatorExpansion, isLayered: Bool = false,
        by composite: @escaping @Sendable (ExpandedNode, BackwardStep) -> Composite
    ) {
        self.expansion = expansion
        self.isLayered = isLayered
        self.composite = composite
    }

    /// Rules that compare with the activations at a reference input.
    init(
        _ expansion: any OperatorExpansion, comparingWith reference: ReferenceActivations,
        by composite: @escaping @Sendable (ReferenceActivations) -> Composite
    ) {
        self.expansion = expansion
        self.reference = (reference, composite)
    }

    var character: RuleCharacter { composite == nil && reference == nil ? .trueDerivative : .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        let expanded = try ExpandedNode(expansion, step, isLayered: isLayered)
        do {
            return try cotangents(&step, through: expanded)
        } catch .noRule(let operation, _) {
            throw .unsupported(
                node: step.label, reason: "the operator \(operation) that it consists of has no such rule")
        } catch .unsupported(_, let reason) {
            throw .unsupported(node: step.label, reason: reason)
        }
    }

    private func cotangents(
        _ step: inout BackwardStep, through expanded: ExpandedNode
    ) throws(DifferentiationError) -> [Cotangent?] {
        var places: [ValueID: ValueID] = [:]
        for (inner, outer) in zip(expanded.operands, step.node.inputs) { if let inner { places[inner] = outer } }
        var (outputs, seeds) = ([ValueID](), [ValueID]())
        for (index, cotangent) in step.resultCotangents.enumerated() {
            guard let cotangent, let output = expanded.results[index] else { continue }
            outputs.append(output)
            seeds.append(cotangent)
        }
        let targets = expanded.operands.indices.compactMap { step.wants($0) ? expanded.operands[$0] : nil }
        var extended = expanded.graph
        var chosen = composite?(expanded, step) ?? .derivative
        if let reference {
            let inner = try activations(reference.activations, at: step, of: expanded, to: outputs, &extended, &places)
            chosen = reference.composite(inner)
        }
        let derived = try expanded.graph.differentiated(
            outputs, withRespectTo: targets, by: chosen, into: extended)
        for (inner, outer) in zip(derived.seeds, seeds) { places[inner] = outer }
        var back = derived.graph
        let reached = expanded.operands.indices.filter { index in
            step.wants(index) && expanded.operands[index].map { derived.cotangents[$0] != nil } ?? false
        }
        back.outputs = reached.compactMap { index in
            expanded.operands[index].flatMap { derived.cotangents[$0] }.map { Graph.Output(name: "", value: $0) }
        }
        let values = try step.insert(back, at: places)
        var result = step.none
        for (index, value) in zip(reached, values) {
            result[index] = Cotangent(value, try step.shape(ofOperand: index))
        }
        return result
    }

    /// The inner activations at the reference: operands that vary get a second input.
    private func activations(
        _ outer: ReferenceActivations, at step: BackwardStep, of expanded: ExpandedNode, to outputs: [ValueID],
        _ extended: inout Graph, _ places: inout [ValueID: ValueID]
    ) throws(DifferentiationError) -> ReferenceActivations {
        var counterparts: [ValueID: ValueID] = [:]
        for (inner, operand) in zip(expanded.operands, step.node.inputs) {
            guard let inner, let operand, outer.varies(operand) else { continue }
            let value = expanded.graph[inner]
            let input = extended.addInput("reference.\(value.name)", type: value.type ?? .float32, shape: value.shape)
            counterparts[inner] = input
            places[input] = outer[operand]
        }
        return try ReferenceActivations(of: expanded.graph, at: counterparts, to: outputs, in: &extended)
    }
}

extension BackwardStep {
    /// Appends what the outputs of another graph need; values of this graph stand for its inputs.
    fileprivate mutating func insert(
        _ other: Graph, at places: [ValueID: ValueID]
    ) throws(DifferentiationError) -> [ValueID] {
        let live = other.eliminatingDeadNodes()
        // Inputs keep their order.
        var renamed: [ValueID: ValueID] = [:]
        for (old, new) in zip(other.inputs, live.inputs) { renamed[new] = places[old] }
        do {
            return try graph.insert(live, at: renamed)
        } catch {
            throw .unsupported(node: label, reason: "its derivative is incomplete (\(error))")
        }
    }
}
