import Graphs

/// Which rule divides relevance at which node of one graph.
struct RelevancePlan {
    /// By a node's first result.
    private(set) var rules: [ValueID: any BackwardRule] = [:]
    private let composite: RelevanceComposite
    private let use: GraphUse
    private let products: ProductAnalysis

    init(_ composite: RelevanceComposite, _ use: GraphUse, _ scored: [ValueID]) {
        self.composite = composite
        self.use = use
        products = ProductAnalysis(use: use, attentionIsWeight: composite.attentionIsWeight)
        let layers = linearLayers()
        let isLast = lastLayers(layers, scored)
        var behindLayer = [Bool](repeating: false, count: use.graph.values.count)
        for node in use.graph.nodes where node.domain.isEmpty {
            guard let key = node.results.first, !use.freeOperands(of: node).isEmpty else { continue }
            let isFirst = !node.operands.contains { behindLayer[$0.index] }
            if !isFirst || layers[key] != nil || node.expansion != nil {
                for result in node.results { behindLayer[result.index] = true }
            }
            if let layer = layers[key] {
                let special = (isLast.contains(key) ? composite.last : nil) ?? (isFirst ? composite.first : nil)
                let usual = layer.kind == .convolution ? composite.convolution : composite.dense
                rules[key] = LinearLayerRule(layer: layer, rule: special ?? usual, epsilon: composite.epsilon)
                for result in layer.results.dropFirst() { rules[result] = PassRule(shares: [1, 1]) }
            } else if rules[key] == nil {
                rules[key] = rule(for: node, isFirst: isFirst)
            }
        }
    }

    /// The linear layers by the first result of their node.
    private func linearLayers() -> [ValueID: LinearLayer] {
        var layers: [ValueID: LinearLayer] = [:]
        for node in use.graph.nodes {
            guard let key = node.output(0), let layer = LinearLayer(node, in: use) else { continue }
            layers[key] = layer
        }
        return layers
    }

    /// The layers between which and the scored values no other layer lies.
    private func lastLayers(_ layers: [ValueID: LinearLayer], _ scored: [ValueID]) -> Set<ValueID> {
        guard composite.last != nil else { return [] }
        var result: Set<ValueID> = []
        var pending = scored
        var visited: Set<ValueID> = []
        while let value = pending.popLast() {
            guard visited.insert(value).inserted else { continue }
            if layers[value] != nil {
                result.insert(value)
            } else if let node = use.graph.producingNode(of: value) {
                pending += use.freeOperands(of: node)
            }
        }
        // A layer that one branch reaches last may stand in front of another branch's layers.
        let last = result.map { $0 }
        for value in last {
            let behind = use.graph.values(dependingOn: [value])
            if last.contains(where: { $0 != value && behind[$0.index] }) { result.remove(value) }
        }
        return result
    }

    /// The rule of a node without weights, nil where the derivative's own answer holds (nothing flows).
    private func rule(for node: Node, isFirst: Bool) -> (any BackwardRule)? {
        let epsilon = composite.epsilon
        guard let derivative = RuleCatalogue.rules[node.operation], derivative.character != .stopsGradient else {
            return nil
        }
        if let expansion = node.expansion {
            return ExpandedRelevanceRule(expansion: expansion, composite: composite, isFirst: isFirst)
        }
        let free = use.freeOperands(of: node)
        let isPreprocessing = isFirst && composite.first != nil
        if RelevanceOperators.passes(node.operation) { return PassRule(shares: [1]) }
        if RelevanceOperators.movements.contains(node.operation) { return MovementRelevanceRule() }
        if NormalisationRelevanceRule.operations.contains(node.operation) {
            return NormalisationRelevanceRule(epsilon: epsilon)
        }
        switch node.operation {
        case "Mul", "MatMul", "Gemm", "Einsum", "Conv", "ConvTranspose": return productRule(for: node, free)
        case "Div": return PassRule(shares: node.input(0).map { use.isFree($0) } ?? false ? [1] : [0, 1])
        // What excites a class excites its probability.
        case "Softmax" where composite.sumsArePositive, "LogSoftmax" where composite.sumsArePositive:
            return PassRule(shares: [1])
        case "Softmax": return SoftmaxRelevanceRule()
        case "AveragePool", "GlobalAveragePool", "ReduceMean", "ReduceSum":
            return ProportionalRule(isPositive: composite.sumsArePositive)
        case "Add", "Sub", "Sum":
            if free.count == 1, isPreprocessing || composite.sumsArePositive {
                return PassRule(shares: node.inputs.map { _ in 1 })
            }
            if composite.sumsArePositive, node.operation != "Sub" { return PositiveSumRule() }
            // A bias by itself is a weight.
            return ProportionalRule(epsilon: free.count == 1 ? epsilon : 0)
        case "BatchNormalization" where composite.sumsArePositive || isPreprocessing: return PassRule(shares: [1])
        case "BatchNormalization": return ProportionalRule(epsilon: epsilon)
        case "Resize" where node.string("mode") ?? "nearest" == "nearest": return MovementRelevanceRule()
        case "ScatterElements" where node.string("reduction") ?? "none" == "none",
            "ScatterND" where node.string("reduction") ?? "none" == "none":
            return MovementRelevanceRule()
        case "GridSample", "RoiAlign", "Resize": return SignalRule(operand: 0)
        default: return ProportionalRule()
        }
    }

    /// The rule of a node that multiplies its operands.
    private func productRule(for node: Node, _ free: [ValueID]) -> any BackwardRule {
        let isElementwise = node.operation == "Mul"
        guard free.count > 1 else {
            return isElementwise ? PassRule(shares: [1, 1]) : ProportionalRule(epsilon: composite.epsilon)
        }
        switch products.role(of: node) {
        case .signal(let operand) where isElementwise: return PassRule(shares: operand == 0 ? [1] : [0, 1])
        case .signal(let operand): return SignalRule(operand: operand)
        case .bilinear where isElementwise: return PassRule(shares: [0.5, 0.5])
        case .bilinear: return ProportionalRule(share: 0.5)
        }
    }
}
